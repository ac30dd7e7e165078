"""The BPMN runtime: releases, instances, user tasks, timers, messages, history."""

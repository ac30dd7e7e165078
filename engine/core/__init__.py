"""The token game: what BPMN 2.0 says a diagram does, on SpiffWorkflow's specs and tasks.

No database, no clock, no Python from authors. `engine.runtime` is the way in.
"""

"""Allocation: who can take a case, who was asked, who took it."""

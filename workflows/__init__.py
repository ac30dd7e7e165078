"""Casework: a folder per capability."""

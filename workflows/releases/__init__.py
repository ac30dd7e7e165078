"""Releases as casework publishes them: every check of the house, and what the library shows."""

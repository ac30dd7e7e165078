"""Safeguarding: concerns raised from any screen, and the routes they take."""

"""Organisations and their services."""

"""Signing in: passwords, second factors, login sessions, throttling."""

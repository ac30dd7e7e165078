"""Consent: what was agreed for which purpose and recipient, and what may be shared."""

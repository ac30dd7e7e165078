"""Programmes that speak for somebody: tokens of partners and of a service's own systems."""

"""What happens: diagrams, decision tables, calendars and scenarios. Data, no code."""

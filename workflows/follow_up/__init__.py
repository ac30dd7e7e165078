"""Call-backs, the attempts to reach a person, and the numbers that must not be rung."""

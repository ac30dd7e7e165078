"""FEEL, the one expression language of diagrams, decision tables and forms."""

"""Who may see and do what: one policy for lists, counts, search, exports and single objects."""

"""People: identity, matching, safe contact."""

"""What is known of a demonstration everywhere: that its password is no secret."""

PASSWORD = "a-walk-through-signpost"

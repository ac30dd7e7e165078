"""The case: whose it is, who is in it, how dangerous, open or closed."""

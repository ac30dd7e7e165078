"""The desk of a member of staff: how the screen looks, and whether it is locked."""

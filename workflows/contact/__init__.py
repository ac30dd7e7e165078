"""Everything that reaches the organisation, on any channel, until it is somebody's case."""

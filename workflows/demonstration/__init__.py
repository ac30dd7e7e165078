"""An invented organisation at work, made by running its processes under a travelling clock."""

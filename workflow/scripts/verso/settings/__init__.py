"""Types of the config that many parts share."""

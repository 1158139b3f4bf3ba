"""Fingerprints of what a driver executes."""

"""Corpora of songs."""

"""Corpora of articles."""

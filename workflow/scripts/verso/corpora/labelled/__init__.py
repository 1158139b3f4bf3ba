"""Corpora of texts with labels."""

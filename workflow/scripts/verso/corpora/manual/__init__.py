"""Corpora of one long text."""

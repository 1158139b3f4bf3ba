"""Classifiers of texts, and how they are compared."""

"""Text classifiers and their comparison."""

"""Language models and their comparison."""

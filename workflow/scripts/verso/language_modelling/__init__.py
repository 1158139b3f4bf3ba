"""Language models, and how they are compared."""

"""Trying hyperparameters on the validation part, for a model of any trained family."""

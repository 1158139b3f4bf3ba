"""Transformer classifiers that are trained from scratch, with the tokens that they learn."""

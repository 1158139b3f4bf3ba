"""Transformer language models, trained from scratch."""

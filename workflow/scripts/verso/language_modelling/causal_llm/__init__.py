"""Pretrained causal language models, as they are or tuned."""

"""Pretrained causal language models, untuned or tuned."""

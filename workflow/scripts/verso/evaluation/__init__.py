"""Evaluation: likelihoods, samples, style, memorisation, statistics."""

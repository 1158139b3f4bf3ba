"""Pretrained encoders, tuned as classifiers."""

"""Recurrent classifiers and TextCNN."""

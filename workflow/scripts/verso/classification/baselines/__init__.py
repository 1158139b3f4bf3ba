"""Logistic regression on TF-IDF, and the most frequent label."""

"""Corpora: acquiring, cleaning, near-duplicates, splitting, exports."""

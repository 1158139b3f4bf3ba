"""The report: its page and its table of pretrained models."""

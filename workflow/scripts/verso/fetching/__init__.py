"""Asking the web and the Hugging Face hub."""

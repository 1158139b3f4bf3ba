"""Requests to the web and the Hugging Face hub."""

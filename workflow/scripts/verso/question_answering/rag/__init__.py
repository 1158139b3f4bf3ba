"""Retrieval-augmented answers: documents cut into chunks, chunks ranked for a question."""

"""Chat models that are asked for labels."""

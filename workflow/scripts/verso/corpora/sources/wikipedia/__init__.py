"""Articles of Wikipedia."""

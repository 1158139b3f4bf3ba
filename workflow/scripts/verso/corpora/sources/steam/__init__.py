"""Reviews from Steam."""

"""Songs from Genius."""

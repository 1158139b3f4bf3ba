"""A bag of embeddings: the mean of the vectors of a text's words, and a linear layer."""

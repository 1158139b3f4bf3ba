"""Text as tokens: vocabularies, word and character units, prompt templates, word vectors."""

"""Text as tokens: vocabularies, word and character units, spelling of unknown words."""

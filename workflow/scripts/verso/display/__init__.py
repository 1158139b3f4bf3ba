"""Tables, figures and words that all tasks share."""

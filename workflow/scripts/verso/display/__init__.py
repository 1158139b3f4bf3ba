"""Tables, figures and texts shared by all tasks."""

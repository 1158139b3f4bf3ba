"""Chat models that predict labels by their replies to prompts."""

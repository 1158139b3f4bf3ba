"""From documents to a train, a validation and a test part."""

"""A job's life: its record, its log, why it ended."""

"""What a job requests of the machine."""

"""What a job asks of the machine."""

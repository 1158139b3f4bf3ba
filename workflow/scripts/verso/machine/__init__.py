"""What a job runs on: devices, cards, memory, the site."""

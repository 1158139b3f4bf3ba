"""Training: the loop, checkpoints, schedules, batches."""

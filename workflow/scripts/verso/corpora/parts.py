"""The parts of a corpus."""

PARTS = ("train", "validation", "test")
TRAIN, VALIDATION, TEST = range(3)

"""Verso's library: pure functions and small classes, no Snakemake in sight."""

__version__ = "0.1.0"

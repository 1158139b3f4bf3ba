"""What a study needs of SLURM: submissions that say why they are refused, and a site block that is checked first."""

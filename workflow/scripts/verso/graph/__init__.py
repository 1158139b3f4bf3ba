"""Inputs, params and resources of the rules, derived from the config."""

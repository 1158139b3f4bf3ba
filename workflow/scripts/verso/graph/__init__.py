"""What rules are given: inputs, params and resources that follow from the config."""

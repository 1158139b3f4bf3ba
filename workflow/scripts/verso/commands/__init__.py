"""Commands for a person: status, plan, a check of the cards."""

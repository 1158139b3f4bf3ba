"""Commands for users: status, plan, a check of the cards."""

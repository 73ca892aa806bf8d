"""The audit of a store: what its data are worth, what is wrong with them, what nobody looked at."""

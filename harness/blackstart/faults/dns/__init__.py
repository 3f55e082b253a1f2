"""Faults of names: what the authority says, what the resolver keeps, and what comes between them and who asks."""

"""Faults of a component's container: its networks, its limits, its volume, its restarts."""

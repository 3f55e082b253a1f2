"""Blackstart: chaos drills that time the people from evidence."""

__version__ = "0.1.0"

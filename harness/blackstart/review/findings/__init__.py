"""Rules: each a small function of the facts that gives a verdict, or None where it does not apply."""

from blackstart.review.findings.base import findings_of

__all__ = ["findings_of"]

"""Judgement: a pure function of a drill's record."""

from blackstart.review.judge import review
from blackstart.review.model import Review, to_bytes

__all__ = ["Review", "review", "to_bytes"]

"""Judgement: a pure function of a drill's record."""

from blackstart.review.judgement import review, to_bytes

__all__ = ["review", "to_bytes"]

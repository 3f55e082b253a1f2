"""Every timing of a drill, each as the notes define it (drills.md, 6.2)."""

from blackstart.review.metrics.base import metrics_of

__all__ = ["metrics_of"]

"""What a person can cause, as one sentence and the next move. `images/bake` prints both, and no traceback."""

from __future__ import annotations

__all__ = ["BakeError"]


class BakeError(Exception):
    """The bake cannot go on. `hint` is the next move."""

    def __init__(self, text: str, hint: str) -> None:
        super().__init__(text)
        self.hint = hint

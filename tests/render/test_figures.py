from __future__ import annotations

from typing import Literal

import pytest

from blackstart.render.figures import figure
from blackstart.review.model import Metric

Status = Literal["measured", "censored", "void"]


def made(
    seconds: float | None, share: float | None, status: Status, reason: str = "", off: float = 0.5
) -> Metric:
    return Metric("TTC", "Time to communicate", seconds, share, off, 3, 9, status, reason)


@pytest.mark.parametrize(
    ("metric", "text", "note"),
    [
        (made(760, None, "measured"), "12 min 40 s ± 1 s", ""),
        (
            made(760, None, "measured", "of it 74 s until the page"),
            "12 min 40 s ± 1 s",
            "of it 74 s until the page",
        ),
        (
            made(5400, None, "censored", "nobody wrote"),
            "at least 1 h 30 min ± 1 s",
            "Censored: nobody wrote.",
        ),
        (made(None, None, "censored"), "not reached", "Censored: the record does not say why."),
        (made(None, None, "void", "no page"), "not measurable", "Void: no page."),
        (made(12, None, "void", "invalid"), "not measurable", "Void: invalid."),
        (made(None, 0.987, "measured"), "98%", ""),
        (made(None, 0.0, "censored", "no update"), "0%", "Censored: no update."),
    ],
)
def test_a_metric_in_words(metric: Metric, text: str, note: str) -> None:
    shown = figure(metric)
    assert (shown.text, shown.note) == (text, note)


def test_the_parts_say_which_words_are_numbers() -> None:
    parts = figure(made(-62, None, "measured")).parts
    assert parts == [("\u22121", True), ("min", False), ("2", True), ("s", False)]
    assert figure(made(None, 0.5, "measured")).parts == [("50%", True)]

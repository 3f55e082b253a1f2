"""A review rendered: HTML, Markdown, JUnit, the timeline picture and the terminal's summary.

Pure functions of a review and its record: no time, no disk, no network. All are built from one view model, so every
face says the same. What a face needs (jinja2, rich) is loaded when it is called.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from blackstart.events import Event
    from blackstart.review.model import Review

__all__ = ["html", "junit", "markdown", "terminal", "timeline_svg"]


def html(review: Review, events: Sequence[Event]) -> str:
    """The report as one self-contained page: no network, and readable without a script."""
    from blackstart.render.page import page

    return page(review, events)


def markdown(review: Review, events: Sequence[Event]) -> str:
    """The after-action report with its improvement plan."""
    from blackstart.render.paper import paper

    return paper(review, events)


def junit(review: Review) -> str:
    """One test suite a drill, one test case a rule. Unknown is an error: never a pass, never hidden as skipped."""
    from blackstart.render.suite import suite

    return suite(review)


def timeline_svg(review: Review, events: Sequence[Event]) -> str:
    """The timeline alone, with its styles inside."""
    from blackstart.render.picture.draw import draw

    return draw(review, events).svg + "\n"


def terminal(review: Review, console: Console) -> None:
    """The summary for whoever ran the drill; colours only where the console is a terminal."""
    from blackstart.render.summary import summary

    summary(review, console)

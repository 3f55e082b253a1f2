"""The summary on the terminal: outcome, the three numbers, what failed and where it stands written."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import TYPE_CHECKING

from blackstart.render.model import NOTICE, View, view

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from blackstart.render.figures import Figure
    from blackstart.render.findings import FoundView
    from blackstart.review.model import Review

__all__ = ["summary"]

WIDEST = 100
SHOWN = 12
"""More failed findings than this are counted, not listed: the report has them."""

COLOURS = {"passed": "bold green", "failed": "bold red", "major": "red", "minor": "yellow", "info": "cyan"}


def summary(review: Review, console: Console) -> None:
    """Print it. No line is wider than the console, or than 100 columns."""
    said = view(review)
    width = max(min(console.width, WIDEST), 40)
    for line in _lines(said, width):
        console.print(line, soft_wrap=True, highlight=False)


def _lines(said: View, width: int) -> Iterator[Text]:
    yield from _plain(said.title, width, style="bold")
    yield from _plain(f"{said.drill}. {NOTICE}", width, style="dim")
    yield from _plain(" ".join(said.clock), width, style="dim")
    yield _text("")
    yield from _outcome(said, width)
    yield _text("")
    yield from _numbers(said.headline, width)
    yield from _failed(said, width)


def _text(text: str, style: str = "") -> Text:
    from rich.text import Text

    return Text(text, style=style)


def _plain(text: str, width: int, *, indent: int = 0, style: str = "") -> Iterator[Text]:
    blank = " " * indent
    for line in wrap(text, width, initial_indent=blank, subsequent_indent=blank, break_on_hyphens=False):
        yield _text(line, style)


def _outcome(said: View, width: int) -> Iterator[Text]:
    yield _text(said.verdict.upper(), COLOURS.get(said.outcome, "bold yellow"))
    yield from _plain(said.outcome_means, width)
    for reason in said.other_reasons:
        yield from _plain(f"- {reason}", width)


def _numbers(headline: list[Figure], width: int) -> Iterator[Text]:
    """Name, title and value in columns; the note below where a number is no plain measurement."""
    names = max((len(figure.name) for figure in headline), default=0)
    titles = max((len(figure.title) for figure in headline), default=0)
    one_row = all(names + titles + len(figure.text) + 6 <= width for figure in headline)
    last = ""
    for figure in headline:
        title = f"{figure.title:<{titles}}  " if one_row else ""
        line = _text(f"  {figure.name:<{names}}  {title}")
        line.append(figure.text, "bold" if figure.status == "measured" else "yellow")
        yield line
        if figure.status != "measured" and figure.note != last:
            last = figure.note
            yield from _plain(figure.note, width, indent=names + 4, style="dim")
    if headline:
        yield _text("")


def _failed(said: View, width: int) -> Iterator[Text]:
    found = said.findings
    yield _text(f"{found.sentence.rstrip('.')}.", "bold")
    for one in found.failed[:SHOWN]:
        yield from _finding(one, width)
    if len(found.failed) > SHOWN:
        yield _text(f"  and {len(found.failed) - SHOWN} more, in the report")
    for one in found.unknown[:SHOWN]:
        yield from _plain(f"? {one.rule}: {one.title}", width, indent=2, style="yellow")


def _finding(one: FoundView, width: int) -> Iterator[Text]:
    head = _text("  x ", COLOURS[one.severity])
    head.append(f"{one.severity:<5} ", COLOURS[one.severity])
    head.append(one.rule)
    yield head
    yield from _plain(one.title, width, indent=10)
    if one.cost:
        yield from _plain(one.cost, width, indent=10)
    if one.where:
        yield from _plain(one.where, width, indent=10, style="dim")

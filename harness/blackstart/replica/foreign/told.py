"""The report on a user's compose file, as a person reads it."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from blackstart.replica.foreign.report import Line, Report

__all__ = ["lines"]

NARROWEST = 40
"""Columns. In fewer, words are whole and lines are too long."""


def lines(report: Report, width: int | None = None) -> Iterator[str]:
    """`width` is the terminal's, in columns; None for what is no terminal: then each sentence is one line."""
    yield from _table([_row(line) for line in report.services])
    for sentence in _sentences(report):
        yield from [sentence] if width is None else _folded(sentence, width)


def _folded(sentence: str, width: int) -> list[str]:
    """Names of faults and paths are whole."""
    columns = max(width, NARROWEST)
    return wrap(
        sentence, columns, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    ) or [""]


def _sentences(report: Report) -> Iterator[str]:
    for part in (*([*_faults(line), *_more(line)] for line in report.services), list(_whole(report))):
        yield from ["", *part] if part else []


def _whole(report: Report) -> Iterator[str]:
    """What is to be said of the file as a whole."""
    yield from report.warnings
    for missing in report.missing:
        yield f"missing: {missing}"
    for refusal in report.refusals:
        yield f"refused: {refusal}"
    if report.ok and any(line.passing for line in report.services):
        yield "every other published port passes the proxy; in a drill each is on 127.0.0.1, on a free number"


def _faults(line: Line) -> Iterator[str]:
    """What breaks it, and why the others do not: those of one reason together.

    Those for which nothing can be done stand last, on one line: they must not hide what can be mended.
    """
    if line.faults:
        yield f"{line.service} can be broken by {', '.join(line.faults)}"
    reasons: dict[str, list[str]] = {}
    for fault, why in line.not_by.items():
        if fault not in line.never:
            reasons.setdefault(why, []).append(fault)
    if len(reasons) == 1 and not line.faults:
        yield f"{line.service} cannot be broken: {next(iter(reasons))}"
        return
    for why, faults in reasons.items():
        yield f"{line.service}, not by {', '.join(faults)}: {why}"
    if line.never:
        yield f"{line.service}, never by {', '.join(line.never)} (--json says why)"


def _more(line: Line) -> Iterator[str]:
    for missing in line.missing:
        if missing in line.not_by.values():
            continue
        yield f"{line.service}: {missing}"
    for port in line.bypassing:
        why = "" if line.component else ": it is no component, so nothing of it is drilled"
        yield f"{line.service}: its published port {port} bypasses the proxy{why}"
    for warning in line.warnings:
        yield f"{line.service}: {warning}"


def _row(line: Line) -> tuple[str, ...]:
    if not line.component:
        return (line.service, "not drilled", "", "", "")
    ports = " ".join(map(str, line.ports)) or "unknown"
    named, known = len(line.faults), len(line.faults) + len(line.not_by)
    return (line.service, line.component, line.kind, ports, f"{named} of {known}" if known else "")


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    whole = [("service", "component", "kind", "ports", "faults"), *rows]
    widths = [max(len(row[index]) for row in whole) for index in range(len(whole[0]))]
    for row in whole:
        yield "  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip()

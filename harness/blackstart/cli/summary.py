"""What a command prints of a finished drill, and the exit code that its outcome means."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from blackstart.errors import Exit

if TYPE_CHECKING:
    from blackstart.review.model import Review

__all__ = ["EXIT_OF", "show"]

EXIT_OF = {
    "passed": Exit.PASSED,
    "failed": Exit.FAILED,
    "invalid": Exit.INVALID,
    "aborted": Exit.ABORTED,
    "unclosed": Exit.FAILED,
}


def show(review: Review, folder: Path) -> None:
    """The terminal summary and where the report is."""
    from rich.console import Console

    from blackstart import render

    render.terminal(review, Console(file=sys.stdout))
    typer.echo(f"report: {folder / 'report.html'}")

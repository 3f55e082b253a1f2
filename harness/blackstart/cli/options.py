"""Options that several commands share, each declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["AsJson", "DrillArg", "ReportsDir", "RootDir"]

ReportsDir = Annotated[
    Path,
    typer.Option("--reports-dir", envvar="BLACKSTART_REPORTS", help="Where drills leave what they leave."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
DrillArg = Annotated[str, typer.Argument(metavar="DRILL", help="A drill's id, or latest.")]
RootDir = Annotated[
    Path | None,
    typer.Option("--root", help="Where references resolve; by default the nearest folder with scenarios/."),
]

REPORTS = Path("reports")

"""`blackstart list` and `blackstart show`: which drills there are, and what one of them came to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typer

from blackstart.cli.options import REPORTS, AsJson, DrillArg, ReportsDir

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    app.command(name="list", help=list_drills.__doc__)(list_drills)
    app.command(name="show", help=show.__doc__)(show)


def list_drills(reports_dir: ReportsDir = REPORTS, as_json: AsJson = False) -> None:
    """List the drills in the reports folder, oldest first.

    Example: blackstart list
    """
    from blackstart.record.ids import known

    drills = [_line(reports_dir / drill) for drill in known(reports_dir)]
    if as_json:
        typer.echo(json.dumps({"drills": drills}, indent=2))
        return
    if not drills:
        typer.echo(f"no drills in {reports_dir}; run one: blackstart run scenarios/vault/auth-503.yaml")
    for drill in drills:
        typer.echo(f"{drill['drill']}  {drill['outcome']:<9} {drill['crew']:<14} {drill['scenario']}")


def _line(folder: Path) -> dict[str, Any]:
    """One drill in a line; a record that cannot be read says so instead of hiding."""
    from blackstart.errors import BlackstartError
    from blackstart.record.reader import header

    line = {"drill": folder.name, "outcome": _outcome(folder), "crew": "?", "scenario": "?"}
    try:
        opened = header(folder)
    except BlackstartError as error:
        return line | {"outcome": "unreadable", "scenario": error.message}
    return line | {"crew": opened.crew, "scenario": opened.scenario}


def _outcome(folder: Path) -> str:
    """What the drill's review says, unless a fault of it may be left: then that. Before there is a review: it runs, its
    harness died, or recover has closed it since.
    """
    from blackstart.drill.folder import holder

    if _closed(folder) and _unhealed(folder):
        return "unhealed"
    try:
        return str(json.loads((folder / "review.json").read_text("utf-8"))["outcome"])
    except (OSError, ValueError, KeyError, TypeError):
        if holder(folder) is not None:
            return "running"
        return "recovered" if _closed(folder) else "died"


def _unhealed(folder: Path) -> bool:
    """Whether its ledger has a fault that is not proven healed, or cannot tell."""
    from blackstart.faults.ledger import Ledger, LedgerFailed

    try:
        return bool(Ledger(folder).open_rows())
    except LedgerFailed:
        return True


def _closed(folder: Path) -> bool:
    from blackstart.errors import BlackstartError
    from blackstart.record.reader import last

    try:
        event = last(folder)
    except BlackstartError:
        return False
    return event is not None and event.kind == "drill.closed"


def show(drill: DrillArg = "latest", reports_dir: ReportsDir = REPORTS, as_json: AsJson = False) -> None:
    """Show the summary of one drill, as its review has it. A crashed drill is judged as far as it came.

    Example: blackstart show latest
    """
    from blackstart.cli.summary import show as show_summary
    from blackstart.record.ids import find
    from blackstart.record.reader import read
    from blackstart.review import review, to_bytes

    folder = find(reports_dir, drill)
    judged = review(read(folder))
    if as_json:
        typer.echo(to_bytes(judged), nl=False)
    else:
        show_summary(judged, folder)

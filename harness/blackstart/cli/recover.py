"""`blackstart recover`: heal whatever an earlier run left."""

from __future__ import annotations

import json

import typer

from blackstart.cli.options import REPORTS, AsJson, ReportsDir
from blackstart.errors import Exit

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    app.command(name="recover", help=recover.__doc__)(recover)


def recover(reports_dir: ReportsDir = REPORTS, as_json: AsJson = False) -> None:
    """Heal what a drill left whose harness died: undo its faults, end its servers, prove it, close its record.

    A drill that is still running is left alone. One that is recovered is over: to go on with it instead, call
    blackstart resume DRILL first. Exit 5 when something could not be healed; it is named with the command that does it.

    Example: blackstart recover
    """
    from dataclasses import asdict

    from blackstart.drill.recover import recover as recover_all

    found = recover_all(reports_dir)
    if as_json:
        typer.echo(json.dumps({"drills": [asdict(drill) for drill in found]}, indent=2))
    else:
        if not found:
            typer.echo(f"nothing to recover in {reports_dir}")
        for drill in found:
            typer.echo(f"{drill.drill}:")
            for did in drill.did:
                typer.echo(f"  {did}")
            for left in drill.left:
                typer.echo(f"  LEFT: {left}")
    if any(drill.left for drill in found):
        raise typer.Exit(int(Exit.UNPROVEN))

"""`blackstart abort`: end a running drill, from any terminal."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from blackstart.cli.options import REPORTS, AsJson, ReportsDir
from blackstart.errors import Exit

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    app.command(name="abort", help=abort.__doc__)(abort)


def abort(
    drill: Annotated[str, typer.Option(help="Which drill; needed when two run.")] = "",
    reports_dir: ReportsDir = REPORTS,
    as_json: AsJson = False,
) -> None:
    """End a running drill now: undo every fault, prove it, close the record. Waits until that is done.

    Exit 0: all is proven healed. 2: no such drill runs. 5: a fault may remain. The drill itself exits 4.

    Example: blackstart abort --drill INC-2026-04-26-001
    """
    from dataclasses import asdict

    from blackstart.drill.abort import LIMIT_S
    from blackstart.drill.abort import abort as abort_drill

    done = abort_drill(reports_dir, drill)
    if as_json:
        typer.echo(json.dumps(asdict(done), indent=2))
    else:
        state = "is over" if done.over else f"is not over after {LIMIT_S:g} s"
        typer.echo(
            f"{done.drill} {state}; {'every fault is proven healed' if not done.open else ''}".rstrip("; ")
        )
        for fault in done.open:
            typer.echo(f"  NOT PROVEN: {fault}")
    if done.open or not done.over:
        typer.echo("  when its harness has ended, run: blackstart recover", err=True)
        raise typer.Exit(int(Exit.UNPROVEN))

"""`blackstart doctor`: what is here, what is missing, and how to get it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from blackstart.cli.options import AsJson, RootDir
from blackstart.cli.output import columns
from blackstart.errors import Exit

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    app.command(name="doctor", help=doctor.__doc__)(doctor)


def doctor(
    compose: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Judge this compose file instead: what of it can be drilled, with what."
        ),
    ] = None,
    override: Annotated[
        bool, typer.Option("--override", help="With --compose: print what a drill would lay over the file.")
    ] = False,
    root: RootDir = None,
    as_json: AsJson = False,
) -> None:
    """Say what a drill needs, whether this machine has it, and how to get what is missing.

    Exit 1 when something that every drill needs is missing, or nothing of the compose file can be drilled.

    Example: blackstart doctor
    Example: blackstart doctor --compose docker-compose.yml
    """
    if compose is not None:
        return _judge(compose, root, as_json, override)
    from dataclasses import asdict

    from blackstart.drill.doctor import examine

    checks = examine()
    if as_json:
        typer.echo(json.dumps({"checks": [asdict(check) for check in checks]}, indent=2))
    else:
        width = max(len(check.name) for check in checks)
        for check in checks:
            mark = "ok" if check.ok else ("missing" if check.needed else "not yet")
            typer.echo(f"{mark:<8} {check.name:<{width}}  {check.seen}")
            if not check.ok and check.hint:
                typer.echo(f"{'':<8} {'':<{width}}  {check.hint}")
    if any(check.needed and not check.ok for check in checks):
        raise typer.Exit(int(Exit.FAILED))


def _judge(file: Path, root: Path | None, as_json: bool, override: bool) -> None:
    """What of a user's compose file can be drilled."""
    from blackstart.drill.possible import choices
    from blackstart.replica.foreign.report import examine
    from blackstart.replica.foreign.told import lines

    report = examine(file, choices, root)
    if as_json:
        typer.echo(json.dumps(report.to_json(), indent=2))
    elif override and report.override:
        typer.echo(report.override, nl=False)
    else:
        for line in lines(report, columns()):
            typer.echo(line)
    if not report.ok:
        raise typer.Exit(int(Exit.FAILED))

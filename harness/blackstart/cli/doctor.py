"""`blackstart doctor`: what is here, what is missing, and how to get it."""

from __future__ import annotations

import json

import typer

from blackstart.cli.options import AsJson
from blackstart.errors import Exit

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    app.command(name="doctor", help=doctor.__doc__)(doctor)


def doctor(as_json: AsJson = False) -> None:
    """Say what a drill needs, whether this machine has it, and how to get what is missing.

    Exit 1 when something that every drill needs is missing.

    Example: blackstart doctor
    """
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

"""`blackstart check`: every problem of every file at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from blackstart.errors import Exit

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    app.command(name="check", help=check.__doc__)(check)


def check(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Files or folders; by default scenarios/ and drills/.", show_default=False),
    ] = None,
    root: Annotated[
        Path | None,
        typer.Option(help="Where references resolve; by default the nearest folder with scenarios/."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Check scenarios, plans, runbooks, protocols and the platform map.

    Prints every problem as file:line:column. Exit 2 when there is one.

    Example: blackstart check scenarios/vault
    """
    from blackstart.check import check as check_files

    checked = check_files(paths or None, root)
    if as_json:
        import json
        from dataclasses import asdict

        document = {"files": checked.files, "problems": [asdict(problem) for problem in checked.problems]}
        typer.echo(json.dumps(document, indent=2))
    else:
        for problem in checked.problems:
            typer.echo(str(problem), err=True)
        found = len(checked.problems)
        typer.echo(
            f"{checked.files} files checked, {found} problem{'' if found == 1 else 's'}", err=bool(found)
        )
    if checked.problems:
        raise typer.Exit(int(Exit.INPUT))

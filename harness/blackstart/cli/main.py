"""The command line: one verb a task. Each command parses, calls, and prints; imports happen inside commands.

Only this package turns an error into an exit code (errors.py has the list).
"""

from __future__ import annotations

import io
import os
import sys
import traceback
from contextlib import suppress
from typing import Annotated

import typer

from blackstart import __version__
from blackstart.errors import BlackstartError, Exit

__all__ = ["app", "main"]

MACHINE = "see that the disk has room and who may write there; if a drill was begun, run: blackstart recover"
"""The next move when the machine refuses something and no drill could say it in its own words."""

app = typer.Typer(
    name="blackstart",
    help="Chaos drills: break a replica of your platform on purpose, time the people, test the runbook.",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,  # rich help costs 0.2 s at every start
    pretty_exceptions_enable=False,
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"blackstart {__version__}")
        raise typer.Exit


def _register() -> None:
    from blackstart.cli import (
        abort,
        check,
        doctor,
        faults,
        listing,
        proxy,
        records,
        recover,
        report,
        resume,
        review,
        run,
    )

    for module in (
        doctor,
        check,
        faults,
        run,
        review,
        report,
        listing,
        records,
        abort,
        resume,
        recover,
        proxy,
    ):
        module.register(app)


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    """Options before the command."""


def main() -> None:
    """The command line, with an exit code for every error."""
    _ready_output()
    _register()
    try:
        app()
    except BlackstartError as error:
        _tell(error.message, error.hint)
        sys.exit(int(error.exit_code))
    except OSError as error:  # a full disk, a folder without permission: the user's machine, not our bug
        _tell(f"{error.filename or 'the system'}: {error.strerror or error}", MACHINE)
        sys.exit(int(Exit.INPUT))
    except Exception:
        traceback.print_exc()
        _tell("this is a bug in blackstart; please report it with the lines above", "")
        sys.exit(int(Exit.BUG))


def _ready_output() -> None:
    """Output is for whoever reads it: that nobody can, or not every letter, must never end a drill."""
    if sys.stdout is None:  # it was closed before we began
        sys.stdout = open(os.devnull, "w", encoding="utf-8")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _tell(message: str, hint: str) -> None:
    """On stderr for people; with --json on stdout too, for whoever reads a document there whatever the exit code."""
    if "--json" in sys.argv[1:]:
        import json

        with suppress(OSError):  # its reader has gone
            typer.echo(json.dumps({"error": message, "hint": hint}, indent=2))
    typer.echo(f"blackstart: {message}", err=True)
    if hint:
        typer.echo(f"  {hint}", err=True)

"""The command line: one verb a task. Each command parses, calls, and prints; imports happen inside commands.

Only this package turns an error into an exit code (errors.py has the list).
"""

from __future__ import annotations

import sys

import typer

from blackstart.errors import BlackstartError, Exit

__all__ = ["app", "main"]

app = typer.Typer(
    name="blackstart",
    help="Chaos drills: break a replica of your platform on purpose, time the people, test the runbook.",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,  # rich help costs 0.2 s at every start
    pretty_exceptions_enable=False,
)


def _register() -> None:
    from blackstart.cli import check, doctor, listing, records, recover, report, review, run

    for module in (doctor, check, run, review, report, listing, records, recover):
        module.register(app)


def main() -> None:
    """The entry point of the `blackstart` program."""
    _register()
    try:
        app(standalone_mode=True)
    except BlackstartError as error:
        _tell(error)
        sys.exit(int(error.exit_code))
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has gone; nothing is left to say
        sys.exit(int(Exit.PASSED))


def _tell(error: BlackstartError) -> None:
    print(f"blackstart: {error.message}", file=sys.stderr)  # noqa: T201  # the one place that prints errors
    if error.hint:
        print(f"  {error.hint}", file=sys.stderr)  # noqa: T201

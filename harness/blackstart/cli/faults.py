"""`blackstart faults`: the catalogue."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from blackstart.cli.options import AsJson
from blackstart.errors import UsageError

if TYPE_CHECKING:
    from blackstart.faults.describe import Entry, Parameter

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    app.command(name="faults", help=faults.__doc__)(faults)


def faults(
    name: Annotated[
        str, typer.Argument(metavar="[FAULT|FAMILY]", help="One fault in full, or the faults of one family.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """List what can be broken, or say all about one fault: what it does, what people see, what fixes it.

    Example: blackstart faults vault.seal
    """
    from blackstart.faults.describe import catalogue
    from blackstart.source import did_you_mean

    entries = catalogue()
    found = [entry for entry in entries if name in ("", entry.name, entry.name.partition(".")[0])]
    if not found:
        known = [*(entry.name for entry in entries), *{entry.name.partition(".")[0] for entry in entries}]
        raise UsageError(f"no fault or family is called {name!r}", hint=did_you_mean(name, known))
    if as_json:
        typer.echo(json.dumps({"faults": [entry.to_json() for entry in found]}, indent=2))
    elif len(found) == 1:
        _show(found[0])
    else:
        _list(found)


def _list(entries: list[Entry]) -> None:
    width = max(len(entry.name) for entry in entries)
    for entry in entries:
        typer.echo(f"{entry.name:<{width}}  {entry.summary}")
    if len(entries) > 1:
        typer.echo(f"\n{len(entries)} faults; blackstart faults NAME says all about one")


def _show(entry: Entry) -> None:
    typer.echo(f"{entry.name}: {entry.summary}")
    rows = [
        ("breaks", f"{entry.breaks}; replica: {', '.join(entry.replicas)}"),
        ("turns red", f"{entry.turns_red} within {entry.within_s:g} s"),
        ("seen", entry.seen),
        ("fixed by", entry.fix),
        ("undone", f"the harness {entry.undone}"),
        *((f"  {p.name}", _parameter(p)) for p in entry.parameters),
    ]
    width = max(len(title) for title, _ in rows)
    for title, text in rows:
        typer.echo(f"  {title:<{width}}  {text}")


def _parameter(parameter: Parameter) -> str:
    default = "" if parameter.default is None else f" [{parameter.default}]"
    return f"{parameter.type}{default}: {parameter.about}"

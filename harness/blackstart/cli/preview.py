"""What `blackstart run --dry-run` prints."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer

from blackstart.source import format_duration

if TYPE_CHECKING:
    from blackstart.drill.drill import Options
    from blackstart.drill.preview import Planned, Preview

__all__ = ["show"]


def show(planned: list[Options], as_json: bool) -> None:
    """Print every drill to come."""
    from blackstart.drill.preview import preview

    previews = [preview(each) for each in planned]
    if as_json:
        typer.echo(json.dumps({"drills": [each.to_json() for each in previews]}, indent=2))
        return
    for each in previews:
        _drill(each)
    typer.echo("Nothing was touched.")


def _drill(drill: Preview) -> None:
    typer.echo(
        f"{drill.scenario}, crew {drill.crew}, seed {drill.seed}, replica {drill.replica}, {drill.clock} clock"
    )
    typer.echo(
        f"  the replica must be green for {format_duration(drill.steady_s)}; then, from the start of the response:"
    )
    for fault in sorted(drill.faults, key=lambda fault: fault.at_s):
        _fault(fault)
    typer.echo(
        f"  people have {format_duration(drill.respond_s)}, then {format_duration(drill.observe_s)} to observe"
    )
    for guard in drill.aborts:
        typer.echo(f"  aborted when {guard}")
    typer.echo("")


def _fault(fault: Planned) -> None:
    end = "" if fault.ends_s is None else f" to {format_duration(fault.ends_s)}"
    typer.echo(f"  at {format_duration(fault.at_s)}{end}  {fault.id}: {fault.fault} on {fault.target}")
    if fault.skipped:
        typer.echo(f"      skipped: {fault.skipped}")
        return
    typer.echo(f"      {fault.does}")
    typer.echo(f"      seen by the probe {fault.turns_red}, red within {fault.within_s:g} s")
    typer.echo(f"      the map says will suffer: {', '.join(fault.suffers) or 'nobody else'}")
    typer.echo(f"      undone {fault.undo}")

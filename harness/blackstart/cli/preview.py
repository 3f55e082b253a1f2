"""What `blackstart run --dry-run` prints."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer

from blackstart.source import format_duration

if TYPE_CHECKING:
    from blackstart.drill.drill import Options
    from blackstart.drill.preview import Piece, Planned, Preview

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
    end = "until the drill ends" if fault.ends_s is None else f"to {format_duration(fault.ends_s)}"
    on = f" on {fault.target}" if len(fault.pieces) == 1 else ""
    goes_on = f", {fault.goes_on}" if fault.goes_on else ""
    typer.echo(f"  at {format_duration(fault.at_s)} {end}  {fault.id}: {fault.fault}{on}{goes_on}")
    if fault.skipped:
        typer.echo(f"      skipped: {fault.skipped}")
        return
    for piece in fault.pieces:
        if len(fault.pieces) > 1:
            typer.echo(f"    - {piece.fault} on {piece.target}")
        _piece(piece, fault.within_s)
    when = "at the end of the drill" if fault.ends_s is None else "when its time is over"
    typer.echo(f"      undone {when}; on an abort within 2 s")


def _piece(piece: Piece, within_s: float) -> None:
    given = ((name, value) for name, value in piece.params.items() if value not in ("", None, []))
    params = ", ".join(f"{name} {_short(value)}" for name, value in given)
    typer.echo(f"      {piece.does}" + (f" ({params})" if params else ""))
    typer.echo(f"      seen by the probe {piece.turns_red}, red within {within_s:g} s")
    typer.echo(f"      the map says will suffer: {', '.join(piece.suffers) or 'nobody else'}")
    typer.echo(f"      undone by the harness: it {piece.undone}")
    typer.echo(f"      mended by people: {piece.fix}")


def _short(value: object) -> str:
    return "+".join(map(str, value)) if isinstance(value, list) else str(value)

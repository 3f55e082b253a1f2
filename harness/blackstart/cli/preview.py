"""What `blackstart run --dry-run` prints."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer

from blackstart.source import format_duration

if TYPE_CHECKING:
    from blackstart.drill.drill import Options
    from blackstart.drill.preview import Piece, Planned, Preview
    from blackstart.replica.foreign.ahead import Ahead

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
    if drill.compose is not None:
        _compose(drill.compose)
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


def _compose(ahead: Ahead) -> None:
    """What would be done to the user's own compose file, before anything is broken."""
    for image in ahead.pulled:
        typer.echo(f"  pulled first: {image}; what of its service is not known yet, is known then")
    for component, stood in ahead.components.items():
        beside = " and ".join(stood.sidecars) or "nothing beside it"
        typer.echo(f"  {component} is the service {stood.service}; added: {beside}")
    for stays in ahead.lasting:
        typer.echo(f"  {stays}")


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
    if piece.service:
        typer.echo(f"      breaks the service {piece.service}")
    typer.echo(f"      seen by the probe {piece.turns_red}, red within {within_s:g} s")
    typer.echo(f"      the map says will suffer: {', '.join(piece.suffers) or 'nobody else'}")
    typer.echo(f"      undone by the harness: it {piece.undone}")
    typer.echo(f"      mended by people: {piece.fix}")


def _short(value: object) -> str:
    return "+".join(map(str, value)) if isinstance(value, list) else str(value)

"""`blackstart verify`, `export`, `import` and `redact`: a drill's record as evidence that travels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from blackstart.cli.options import REPORTS, AsJson, DrillArg, ReportsDir
from blackstart.errors import Exit, UsageError

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    app.command(name="verify", help=verify.__doc__)(verify)
    app.command(name="export", help=export.__doc__)(export)
    app.command(name="import", help=import_drill.__doc__)(import_drill)
    app.command(name="redact", help=redact.__doc__)(redact)


def verify(drill: DrillArg = "latest", reports_dir: ReportsDir = REPORTS, as_json: AsJson = False) -> None:
    """Check a record's hash chain: nothing altered, removed or cut off, and closed in order.

    DRILL may also be the path of an exported file. Exit 1 when the record does not verify.

    Example: blackstart verify latest
    """
    from blackstart.record.ids import find
    from blackstart.record.verify import verify as verify_record

    path = Path(drill)
    verdict = verify_record(path if path.exists() else find(reports_dir, drill))
    if as_json:
        typer.echo(json.dumps({"state": verdict.state, "event": verdict.event, "why": verdict.why}, indent=2))
    else:
        typer.echo(f"{verdict.state}: {verdict.why}")
    if verdict.state != "ok":
        raise typer.Exit(int(Exit.FAILED))


def export(
    drill: DrillArg = "latest",
    out: Annotated[
        Path | None, typer.Option("--out", help="The file to write; by default <drill>.jsonl here.")
    ] = None,
    reports_dir: ReportsDir = REPORTS,
) -> None:
    """Write a drill's record as one JSON Lines file.

    Example: blackstart export latest --out drill.jsonl
    """
    from blackstart.record.exchange import export as export_record
    from blackstart.record.ids import find

    folder = find(reports_dir, drill)
    target = out or Path(f"{folder.name}.jsonl")
    if target.exists() or target.is_symlink():
        raise UsageError(
            f"{target} is there already", hint="name a new file with --out: nothing is overwritten"
        )
    export_record(folder, target)
    typer.echo(str(target))


def import_drill(
    file: Annotated[Path, typer.Argument(help="A file that export wrote.")], reports_dir: ReportsDir = REPORTS
) -> None:
    """Bring an exported drill into the reports folder. It is verified first; nothing is overwritten.

    Example: blackstart import drill.jsonl
    """
    from blackstart.record.exchange import import_ as import_record

    typer.echo(str(import_record(file, reports_dir)))


def redact(
    drill: DrillArg,
    event: Annotated[int, typer.Argument(help="The number of the event whose words are to go.")],
    reports_dir: ReportsDir = REPORTS,
) -> None:
    """Remove the words of one event from a record for good. The chain still verifies: it has their hash.

    Example: blackstart redact INC-2026-04-26-001 112
    """
    from blackstart.drill.publish import publish
    from blackstart.record.ids import find
    from blackstart.record.redact import redact as redact_event

    folder = find(reports_dir, drill)
    redact_event(folder, event)
    publish(folder)
    typer.echo(f"event {event} of {folder.name} is redacted, and its reports are written anew")

"""`blackstart report`: print a drill's report in one format, or say where it is."""

from __future__ import annotations

from typing import Annotated

import typer

from blackstart.cli.options import REPORTS, DrillArg, ReportsDir
from blackstart.errors import UsageError

__all__ = ["register"]

FORMATS = {
    "html": "report.html",
    "md": "report.md",
    "json": "review.json",
    "junit": "junit.xml",
    "svg": "timeline.svg",
}


def register(app: typer.Typer) -> None:
    app.command(name="report", help=report.__doc__)(report)


def report(
    drill: DrillArg = "latest",
    formats: Annotated[
        str, typer.Option("--format", help="Any of html,md,json,junit,svg: prints it (several: their paths).")
    ] = "",
    open_it: Annotated[bool, typer.Option("--open", help="Open report.html in the browser.")] = False,
    reports_dir: ReportsDir = REPORTS,
) -> None:
    """Show a drill's report. Without --format: the path of each file.

    Example: blackstart report latest --format md
    """
    from blackstart.drill.publish import publish
    from blackstart.record.ids import find

    folder = find(reports_dir, drill)
    chosen = _chosen(formats)
    if not all((folder / name).is_file() for name in FORMATS.values()):
        publish(folder)
    if len(chosen) == 1 and formats:
        typer.echo((folder / chosen[0]).read_text("utf-8"), nl=False)
    else:
        for name in chosen:
            typer.echo(str(folder / name))
    if open_it:
        typer.launch(str((folder / "report.html").resolve()))


def _chosen(formats: str) -> list[str]:
    names = [name.strip() for name in formats.split(",") if name.strip()]
    unknown = [name for name in names if name not in FORMATS]
    if unknown:
        raise UsageError(
            f"no report format is called {unknown[0]!r}", hint=f"there are: {', '.join(sorted(FORMATS))}"
        )
    return [FORMATS[name] for name in names] or list(FORMATS.values())

"""`blackstart resume`: go on with a drill whose harness died."""

from __future__ import annotations

import typer

from blackstart.cli.options import REPORTS, AsJson, DrillArg, ReportsDir
from blackstart.errors import Exit

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    app.command(name="resume", help=resume.__doc__)(resume)


def resume(drill: DrillArg = "latest", reports_dir: ReportsDir = REPORTS, as_json: AsJson = False) -> None:
    """Go on with a drill whose harness died: same servers, same ports, from its last event on disk.

    What was broken when it died is broken again, unless the drill was over: then it is only healed. One that was
    aborted is not resumed. The time in between counts for nothing. Exit codes as of run.

    Example: blackstart resume INC-2026-04-26-001
    """
    import json

    from blackstart.cli.output import tolerant
    from blackstart.cli.run import facts, played
    from blackstart.drill.resume import options_of
    from blackstart.drill.resume import resume as resume_drill
    from blackstart.record.ids import find

    folder = find(reports_dir, drill)
    with tolerant():
        result = played(options_of(folder), as_json, lambda options: resume_drill(options, folder))
        if as_json:
            typer.echo(json.dumps({"drills": [facts(result)]}, indent=2))
    if result.exit_code is not Exit.PASSED:
        raise typer.Exit(int(result.exit_code))

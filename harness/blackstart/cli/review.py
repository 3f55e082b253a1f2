"""`blackstart review`: judge a drill's record again, by today's rules."""

from __future__ import annotations

import typer

from blackstart.cli.options import REPORTS, AsJson, DrillArg, ReportsDir
from blackstart.errors import Exit

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    app.command(name="review", help=review.__doc__)(review)


def review(drill: DrillArg = "latest", reports_dir: ReportsDir = REPORTS, as_json: AsJson = False) -> None:
    """Judge a drill again and write its reports anew. The record is never changed.

    Exit as `run` does: 0 when its gate passes, 1 when not, 3 invalid, 4 aborted, 5 healing not proven.

    Example: blackstart review INC-2026-04-26-001
    """
    from blackstart.cli.summary import EXIT_OF, show
    from blackstart.drill.publish import publish
    from blackstart.record.ids import find

    folder = find(reports_dir, drill)
    judged = publish(folder)
    if as_json:
        from blackstart.review import to_bytes

        typer.echo(to_bytes(judged), nl=False)
    else:
        show(judged, folder)
    code = EXIT_OF.get(judged.outcome, Exit.FAILED)
    if code is not Exit.PASSED:
        raise typer.Exit(int(code))

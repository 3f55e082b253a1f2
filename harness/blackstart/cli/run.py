"""`blackstart run`: a drill with a simulated crew, or every drill of a plan."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from blackstart.cli.options import REPORTS, AsJson, ReportsDir, RootDir
from blackstart.errors import Exit

if TYPE_CHECKING:
    from blackstart.drill.drill import Options
    from blackstart.drill.run import Result

__all__ = ["facts", "played", "register"]

WORST_FIRST = (Exit.BUG, Exit.UNPROVEN, Exit.ABORTED, Exit.INVALID, Exit.INPUT, Exit.FAILED)


def register(app: typer.Typer) -> None:
    app.command(name="run", help=run.__doc__)(run)


def run(
    what: Annotated[Path, typer.Argument(metavar="SCENARIO|PLAN", help="A scenario, or a plan of drills/.")],
    crew: Annotated[str, typer.Option(help="A crew's name, or the path of its file. [by-the-book]")] = "",
    seed: Annotated[
        int | None, typer.Option(help="Moves the crew's reactions; the same seed, the same drill. [1]")
    ] = None,
    pace: Annotated[
        float | None,
        typer.Option(
            help="Drill seconds in a real second; 1 is real time. By default waiting is jumped over."
        ),
    ] = None,
    replica: Annotated[
        str, typer.Option(help="Which replica: local (processes) or compose (containers). [local]")
    ] = "",
    compose: Annotated[
        Path | None, typer.Option(help="Drill the services of this compose file of your own.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be broken, and touch nothing.")
    ] = False,
    reports_dir: ReportsDir = REPORTS,
    root: RootDir = None,
    as_json: AsJson = False,
) -> None:
    """Run a drill with a simulated crew on a real replica, and write its reports.

    Exit 0: passed. 1: the gate failed. 2: the input is wrong. 3: invalid. 4: aborted. 5: healing not proven.

    Example: blackstart run scenarios/vault/auth-503.yaml --crew silent
    Example: blackstart run drills/ci-smoke.yaml --dry-run
    Example: blackstart run scenarios/vault/auth-503.yaml --replica compose
    """
    from blackstart.drill.planning import Asked, drills_of

    asked = Asked(what, reports_dir, root, crew=crew, seed=seed, pace=pace, replica=replica, compose=compose)
    if dry_run:
        from blackstart.cli.preview import show

        return show(drills_of(asked), as_json)
    from blackstart.cli.output import tolerant

    with tolerant():
        code = _run_all(drills_of(asked), as_json)
    if code is not Exit.PASSED:
        raise typer.Exit(int(code))


def _run_all(planned: list[Options], as_json: bool) -> Exit:
    """Run one drill after the other; the worst of their exit codes."""
    from blackstart.drill.recorded import in_hours
    from blackstart.drill.run import run as run_drill

    results = []
    for each in planned:
        in_hours(each, hint="run the rest then, or change limits.hours of the plan")
        result = played(each, as_json, run_drill)
        results.append(result)
        if result.exit_code is Exit.ABORTED or result.asked:
            break  # an operator who ends one drill, however late, does not want the next
    if as_json:
        typer.echo(json.dumps({"drills": [facts(result) for result in results]}, indent=2))
    codes = {result.exit_code for result in results}
    if len(results) < len(planned):
        codes.add(Exit.ABORTED)  # the drills that were not run were stopped by somebody's hand
    return next((code for code in WORST_FIRST if code in codes), Exit.PASSED)


def played(planned: Options, as_json: bool, play: Callable[[Options], Result]) -> Result:
    """Run one drill, or go on with one, and show it."""
    from dataclasses import replace

    from blackstart.cli.live import view
    from blackstart.cli.summary import show

    with view(planned.bundle.protocol, silent=as_json) as seen:
        options = replace(
            planned, progress=seen.progress, listeners=(seen.on_event,), say=seen.say, hands=seen.hands
        )
        result = play(options)
    if not as_json and result.review is not None:
        show(result.review, result.folder)
    if result.error is not None:
        typer.echo(f"blackstart: {result.error.message}", err=True)
        if result.error.hint:
            typer.echo(f"  {result.error.hint}", err=True)
    return result


def facts(result: Result) -> dict[str, Any]:
    """What --json says of one drill."""
    known: dict[str, Any] = {
        "drill": result.drill,
        "folder": str(result.folder),
        "exit_code": int(result.exit_code),
        "error": result.error.message if result.error else None,
    }
    if (review := result.review) is None:
        return known
    return known | {
        "outcome": review.outcome,
        "failed": sorted({f.rule for f in review.findings if f.verdict == "fail"}),
        "unknown": sorted({f.rule for f in review.findings if f.verdict == "unknown"}),
        "metrics": {m.name: m.seconds if m.share is None else m.share for m in review.metrics},
    }

"""A whole drill, from an empty folder to its reports.

`run` never leaves a server or a fault behind: whatever ends it (an exception, Ctrl-C, SIGTERM), it heals and
closes; what it cannot see (SIGKILL) its watchdog does.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from blackstart.drill import stages
from blackstart.drill.abort import ASKED
from blackstart.drill.assemble import opened
from blackstart.drill.healing import ServersLost
from blackstart.drill.publish import publish
from blackstart.drill.refused import refuse
from blackstart.drill.signals import Interrupted, Signals
from blackstart.errors import Aborted, BlackstartError, Exit, HealingUnproven, InvalidDrill, ReplicaError
from blackstart.events import AbortAsked, HarnessError
from blackstart.record.store import WriteFailed
from blackstart.replica.chosen import tools_of
from blackstart.replica.tools import ensure_tools

if TYPE_CHECKING:
    from blackstart.drill.drill import Drill, Options
    from blackstart.review.model import Review

__all__ = ["Result", "finished", "run"]

_EXIT_OF_OUTCOME = {
    "passed": Exit.PASSED,
    "failed": Exit.FAILED,
    "invalid": Exit.INVALID,
    "aborted": Exit.ABORTED,
    "unclosed": Exit.BUG,
}


@dataclass(frozen=True, slots=True)
class Result:
    """A drill that is over: where it is, what the review says, how the process should end.

    `error` is why it ended early, None for one that ran to its end. `review` is None when the disk had no room for it.
    `asked` is the signal that asked for the end, also when it came too late to end this drill early.
    """

    drill: str
    folder: Path
    review: Review | None
    exit_code: Exit
    error: BlackstartError | None
    asked: str = ""


def run(options: Options) -> Result:
    """Run one drill. Errors that end it are in the result; only what came before the drill began is raised."""
    # Before anything is started: what is missing is the machine's error, not a drill's.
    ensure_tools(options.progress, tools_of(options.replica, options.compose))
    refuse(options)
    return finished(options, opened)


def finished(options: Options, begun: Callable[[Options], AbstractContextManager[Drill]]) -> Result:
    """Play a drill that was begun, to its end and its reports."""
    signals = Signals(options.say)
    with signals.caught(), options.hands(signals):
        with begun(options) as drill:
            error = _play(drill, signals)
        review = _published(drill.folder, error)
    return Result(drill.id, drill.folder, review, _exit_code(review, error), error, signals.asked)


def _published(folder: Path, error: BlackstartError | None) -> Review | None:
    """The reports. When the drill itself has failed, what keeps them from being written is no further news."""
    try:
        return publish(folder)
    except (OSError, BlackstartError) as unwritten:
        if error is not None:
            return None
        if isinstance(unwritten, BlackstartError):
            raise
        raise WriteFailed(
            f"the drill is over, and its reports cannot be written: {_seen(unwritten)}",
            hint="see that the disk has room and the folder can be written to, and run: "
            f"blackstart report {folder.name} --reports-dir {folder.parent}",
        ) from unwritten


def _play(drill: Drill, signals: Signals) -> BlackstartError | None:
    """Every stage in order; then, whatever happened, heal and close.

    Errors: a bug's, when all is healed; whatever ends a replay (`drill.replay`), in which nothing is broken or written.
    """
    error: BlackstartError | None = None
    try:
        if not drill.ended:
            with signals.abortable():
                _stages(drill)
    except Interrupted as signal:
        error = _aborted(drill, signal)
    except InvalidDrill as invalid:
        drill.end("invalid", invalid.message)
        error = invalid
    except BlackstartError as known:
        if drill.conductor.replaying():
            raise
        drill.end("error", known.message)
        error = known
    except OSError as refused:
        if drill.conductor.replaying():
            raise
        error = _broken_off(drill, refused)
        drill.note(HarnessError(drill.stage, f"{type(refused).__name__}: {refused}"))
        drill.end("error", error.message)
    except BaseException as bug:
        if drill.conductor.replaying():
            raise
        drill.note(HarnessError(drill.stage, f"{type(bug).__name__}: {bug}"))
        drill.end("error", f"{type(bug).__name__}: {bug}")
        if left := _heal_and_close(drill):
            bug.add_note(f"blackstart: {left.message}\n  {left.hint}")
        raise
    return _graver(error, _heal_and_close(drill))


def _graver(first: BlackstartError | None, last: BlackstartError | None) -> BlackstartError | None:
    """Of what ended the drill and what its ending met: that something may be left, else what came first."""
    return last if isinstance(last, HealingUnproven) else first or last


def _broken_off(drill: Drill, error: OSError) -> Aborted:
    """The machine has refused something in the middle of a drill: a full disk, a folder without permission."""
    return Aborted(
        f"the drill was broken off in the stage {drill.stage}: {_seen(error)}",
        hint="see that the disk has room and the folder can be written to; everything it broke is healed",
    )


def _seen(error: OSError) -> str:
    return f"{error.filename}: {error.strerror}" if error.filename else error.strerror or str(error)


def _stages(drill: Drill) -> None:
    provision, *others = stages.STAGES
    provision(drill)
    with drill.conductor.sampled():
        for stage in others:
            stage(drill)


def _aborted(drill: Drill, signal: Interrupted) -> Aborted:
    during = "while it was brought back" if drill.conductor.replaying() else f"during the stage {drill.stage}"
    drill.conductor.leave_replay()
    how = "command" if (drill.folder / ASKED).exists() else signal.how
    drill.note(AbortAsked("guard" if how == "guard" else "operator", how))
    seen = "blackstart abort" if how == "command" else signal.name
    why = f"{seen}, {during}"
    drill.end("aborted", why)
    return Aborted(f"the drill was aborted: {why}", hint="everything it broke is healed")


def _heal_and_close(drill: Drill) -> BlackstartError | None:
    """Heal, then close; each whatever the other did. Returns the healing's failure, if any that closing did not mend."""
    unproven, left = None, None
    try:
        unproven = _healed(drill)
    finally:
        left = _closed(drill)
    if isinstance(unproven, ServersLost) and not drill.faults.lost:
        return left
    return unproven or left


def _healed(drill: Drill) -> BlackstartError | None:
    try:
        stages.heal(drill)
    except HealingUnproven as error:
        return error
    except Exception as error:
        drill.note(HarnessError("heal", f"{type(error).__name__}: {error}"))
        return HealingUnproven(f"healing failed: {error}", hint="run: blackstart recover")
    return None


def _closed(drill: Drill) -> BlackstartError | None:
    """Close. A replica that cannot be taken down (its docker is gone) is left for `recover`, faults and all."""
    try:
        stages.close(drill)
    except ReplicaError as error:
        drill.note(HarnessError("close", error.message))
        return HealingUnproven(
            f"the replica could not be taken down: {error.message}",
            hint=error.hint or "run: blackstart recover",
        )
    except WriteFailed as error:
        return error
    except OSError as error:
        return _broken_off(drill, error)
    return None


def _exit_code(review: Review | None, error: BlackstartError | None) -> Exit:
    if error is not None:
        return error.exit_code
    return _EXIT_OF_OUTCOME[review.outcome] if review is not None else Exit.BUG

"""A drill that is brought back: what is refused, and that one which is ended early is healed and never broken again."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

import pytest
from pydantic import PrivateAttr

from blackstart.check import InputFile
from blackstart.clock import Stamp
from blackstart.drill.arming import arm
from blackstart.drill.assemble import assembled
from blackstart.drill.conductor import Conductor
from blackstart.drill.folder import REPLICA
from blackstart.drill.past import Past
from blackstart.drill.recorded import in_hours, options_from
from blackstart.drill.replay import Diverged
from blackstart.drill.resume import clock_of, let_go, options_of, play
from blackstart.drill.run import Result, finished
from blackstart.errors import Exit, UsageError
from blackstart.events import AbortAsked, DrillEnded, Event, FaultIntended, FreeText, ThreadPosted
from blackstart.faults.base import Fault
from blackstart.faults.ledger import Ledger
from blackstart.record.reader import read
from blackstart.record.store import Record
from blackstart.record.verify import verify
from blackstart.testing import FakeReplica, ManualTime

if TYPE_CHECKING:
    from blackstart.drill.drill import Drill, Options
    from blackstart.events import Body
    from blackstart.faults.base import Undo
    from blackstart.replica.base import Replica
    from blackstart.watchdog import Watchdog

SAMPLE = Path(__file__).parents[2] / "reports" / "sample"
EVENTS = read(SAMPLE / "record.jsonl")
ITS_EXIT = Exit.FAILED
"""How the sample's drill ended: its people do not do all by the book."""

PROBES = [event.actor for event in EVENTS if event.kind == "probe.declared"]


def until(kind: str) -> list[Event]:
    """The sample's record, as a harness left it that died right after its first event of that kind."""
    return EVENTS[: next(i for i, event in enumerate(EVENTS) if event.kind == kind) + 1]


class Ended(Fault):
    """A fault that was in the servers that are gone: it may be healed, and not injected again."""

    name: ClassVar[str] = "test.ended"
    summary: ClassVar[str] = "for tests"
    kinds: ClassVar[tuple[str, ...]] = ("*",)
    replicas: ClassVar[tuple[str, ...]] = ("fake",)
    within_s: ClassVar[float] = 2.0
    seen: ClassVar[str] = "nothing"
    fix: ClassVar[str] = "nothing"

    _healed: list[str] = PrivateAttr(default_factory=list)

    def prepare(self, replica: Replica, target: str) -> Undo:
        raise AssertionError("nothing may be begun")

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        raise AssertionError("nothing may be broken")

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        self._healed.append(target)

    def gone(self, replica: Replica, target: str, undo: Undo) -> bool:
        return bool(self._healed)


class Unheard:
    """A watchdog that listens, and does nothing."""

    def __init__(self) -> None:
        self.lease_s = 0.0

    def renew(self, seconds: float) -> None:
        self.lease_s = seconds

    def alive(self) -> bool:
        return True


@dataclass
class Dead:
    """The folder of a drill whose harness died, and what a resume makes of it."""

    folder: Path
    events: list[Event]
    at_start: Callable[[], None] = lambda: None
    listeners: list[Callable[[Event], None]] = field(default_factory=list)
    guard: Unheard = field(default_factory=Unheard)

    def __post_init__(self) -> None:
        record = Record.create(self.folder)
        for event in self.events:
            record.append(event.body, stamp=stamp_of(event), actor=event.actor, source=event.source)
        record.leave()
        for event in self.events:
            if isinstance(body := event.body, FaultIntended):
                Ledger(self.folder).intend(
                    body.fault,
                    type=body.type,
                    target=body.target,
                    params={},
                    undo=body.undo,
                    probe=body.probe,
                )

    def resumed(self) -> Result:
        options = replace(options_from(read(self.folder), self.folder), listeners=tuple(self.listeners))
        return finished(options, self.begun)

    @contextmanager
    def begun(self, options: Options) -> Iterator[Drill]:
        events = read(self.folder)
        record, (clock, time) = Record.reopen(self.folder), clock_of(options, events)
        armed = arm(options.bundle.scenario.faults, options.bundle.platform, options.seed, options.replica)
        conductor = Conductor(clock, record)
        drill = assembled(
            options,
            self.folder.name,
            self.folder,
            FakeReplica(PROBES, self.folder),
            conductor,
            [replace(each, fault=Ended()) for each in armed],
            Past.of(events),
            cast("Watchdog", self.guard),
        )
        play(drill, events, time)
        self.at_start()
        try:
            yield drill
        finally:
            let_go(record, drill)

    def new(self) -> list[str]:
        """What was added to the record, in short."""
        kinds = [event.kind for event in read(self.folder)[len(self.events) :]]
        return [kind for kind in kinds if not kind.startswith("probe")]


def stamp_of(event: Event) -> Stamp:
    return Stamp(event.at, event.wall, event.mono_ns, event.drill_s)


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


ENDED_EARLY = ["drill.resumed", "abort.asked", "drill.ended", "stage.entered"]
HEALED = ["fault.healing", "fault.healed", "fault.proven"]
CLOSED = ["stage.entered", "replica.down", "drill.closed"]


def healed_and_closed(dead: Dead) -> bool:
    assert read(dead.folder)[: len(dead.events)] == dead.events
    drill_s = [event.drill_s for event in read(dead.folder)]
    assert drill_s == sorted(drill_s), "no stamp lies in the past"
    return Ledger(dead.folder).open_rows() == [] and verify(dead.folder).state == "ok"


@pytest.mark.parametrize("kind", ["fault.effective", "page.acked", "command.started"])
def test_ctrl_c_while_the_servers_come_up_heals_and_breaks_nothing(tmp_path: Path, kind: str) -> None:
    dead = Dead(tmp_path, until(kind), at_start=interrupt)
    result = dead.resumed()
    assert (result.exit_code, dead.new()) == (Exit.ABORTED, [*ENDED_EARLY, *HEALED, *CLOSED])
    assert "SIGINT, while it was brought back" in (result.error.message if result.error else "")
    assert healed_and_closed(dead)


def test_before_anything_was_broken_nothing_is_healed(tmp_path: Path) -> None:
    dead = Dead(tmp_path, until("replica.up"), at_start=interrupt)
    assert (dead.resumed().exit_code, dead.new()) == (Exit.ABORTED, [*ENDED_EARLY, *CLOSED])
    assert healed_and_closed(dead)


def test_one_that_died_when_its_replica_was_just_up_goes_on(tmp_path: Path) -> None:
    dead = Dead(tmp_path, until("replica.up"))
    assert dead.resumed().exit_code == Exit.INVALID, (
        "it comes to its fault, which these tests do not let begin"
    )
    assert dead.new()[0] == "drill.resumed"
    assert "steady.reached" in dead.new()


@pytest.mark.parametrize("kind", ["steady.reached", "fault.intended", "fault.effective"])
def test_ctrl_c_in_the_midst_of_the_replay_too(tmp_path: Path, kind: str) -> None:
    dead = Dead(tmp_path, until("command.started"))
    dead.listeners.append(lambda event: interrupt() if event.kind == kind else None)
    assert (dead.resumed().exit_code, dead.new()) == (
        Exit.ABORTED,
        [*ENDED_EARLY, *HEALED, *CLOSED],
    )
    assert healed_and_closed(dead)


def test_who_mended_it_is_known_from_the_ledger(tmp_path: Path) -> None:
    dead = Dead(tmp_path, until("command.started"), at_start=interrupt)
    Ledger(tmp_path).mark("sealed", "recovered")
    dead.resumed()
    assert [e.body.to_data()["by"] for e in read(tmp_path) if e.kind == "fault.healed"] == ["people"]


@pytest.mark.parametrize("kind", ["drill.ended", "fault.healing", "fault.healed"])
def test_a_drill_that_died_while_healing_is_healed_and_not_broken_again(tmp_path: Path, kind: str) -> None:
    dead = Dead(tmp_path, until(kind))
    result = dead.resumed()
    assert (result.exit_code, result.error) == (ITS_EXIT, None)
    assert dead.new() == ["drill.resumed", "stage.entered", *HEALED, *CLOSED]
    assert healed_and_closed(dead)


def test_what_was_proven_is_not_healed_again(tmp_path: Path) -> None:
    dead = Dead(tmp_path, until("fault.proven"))
    Ledger(tmp_path).mark("sealed", "proven")
    assert dead.resumed().exit_code is ITS_EXIT
    assert dead.new() == ["drill.resumed", "stage.entered", *CLOSED]


def test_a_record_that_cannot_be_replayed_stays_as_it_was(tmp_path: Path) -> None:
    dead = Dead(tmp_path, diverging(until("page.acked")))
    with pytest.raises(Diverged, match=r"event \d+ of its record is thread\.posted by somebody") as refused:
        dead.resumed()
    assert (refused.value.exit_code, dead.new()) == (Exit.INPUT, [])
    assert Ledger(tmp_path).states("sealed") == ["intended"]


def test_a_bug_in_the_replay_leaves_the_record_as_it_was(tmp_path: Path) -> None:
    dead = Dead(tmp_path, until("page.acked"))
    dead.listeners.append(bug)
    with pytest.raises(ZeroDivisionError):
        dead.resumed()
    assert dead.new() == []


def bug(event: Event) -> None:
    assert 1 / (event.kind != "fault.injected")


def diverging(events: list[Event]) -> list[Event]:
    at = next(i for i, e in enumerate(events) if isinstance(e.body, ThreadPosted))
    body = ThreadPosted("m-1", "#x", FreeText.of("hm"), False)
    return [*events[:at], replace(events[at], actor="somebody", body=body), *events[at + 1 :]]


# --- what is refused before anything is started -----------------------------------------------------


def refused(folder: Path, events: list[Event]) -> str:
    """Why a drill with this record is not resumed; nothing is written."""
    dead = Dead(folder, events)
    (folder / REPLICA).mkdir(exist_ok=True)
    with pytest.raises(UsageError) as error:
        options_of(folder)
    assert dead.new() == []
    return f"{error.value.message}: {error.value.hint}"


def noted(body: Body) -> Event:
    return replace(EVENTS[-1], body=body, actor="harness")


@pytest.mark.parametrize("body", [AbortAsked("operator", "signal"), DrillEnded("aborted", "SIGINT")])
def test_a_drill_that_was_aborted_is_not_resumed(tmp_path: Path, body: Body) -> None:
    why = refused(tmp_path, [*until("page.acked"), noted(body)])
    assert why == f"{tmp_path.name} was aborted: blackstart recover finishes it"


def test_a_drill_whose_servers_were_taken_down_is_not_resumed(tmp_path: Path) -> None:
    why = refused(tmp_path, until("replica.down"))
    assert why == f"{tmp_path.name} has no servers' data any more: blackstart recover closes it"


PLAN = """\
kind: plan
title: At night
limits:
  hours: {days: [mon], begin: "09:00", end: "17:00", zone: Europe/London}
drills:
  - scenario: vault/auth-503
"""


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (datetime(2026, 4, 27, 15, 59, tzinfo=UTC), ""),
        (datetime(2026, 4, 27, 16, 0, tzinfo=UTC), "and there it is mon 17:00"),
        (datetime(2026, 4, 28, 12, 0, tzinfo=UTC), "and there it is tue 13:00"),
    ],
)
def test_outside_the_hours_of_its_plan_a_drill_is_not_resumed(now: datetime, why: str) -> None:
    options = replace(options_from(EVENTS, SAMPLE), plan=InputFile("plan", "drills/night.yaml", "", PLAN))
    time = ManualTime(now)
    if not why:
        return in_hours(options, time)
    with pytest.raises(UsageError, match=f"the plan's drills begin mon from 09:00 to 17:00 .*{why}"):
        in_hours(options, time)


def test_a_drill_of_no_plan_may_be_resumed_at_any_hour() -> None:
    in_hours(options_from(EVENTS, SAMPLE))

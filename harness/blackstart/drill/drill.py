"""One drill: its folder, clock, record, replica and people, put together. It runs nothing by itself."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from blackstart.events import Body, DrillEnded, Event
from blackstart.plan import Docker
from blackstart.record.store import WriteFailed

if TYPE_CHECKING:
    from blackstart.check import InputFile, ScenarioBundle
    from blackstart.clock import DrillClock
    from blackstart.crew import Crew
    from blackstart.drill.alerting import Alerting
    from blackstart.drill.arming import Armed
    from blackstart.drill.conductor import Conductor
    from blackstart.drill.faulting import Faults
    from blackstart.drill.happenings import Happenings
    from blackstart.drill.msel import Injects
    from blackstart.drill.pulse import Pulse
    from blackstart.drill.recovery import Recovery
    from blackstart.drill.signals import Signals
    from blackstart.drill.staff import Staff
    from blackstart.protocol import Protocol
    from blackstart.replica.base import Progress, Replica
    from blackstart.scenario import Scenario

__all__ = ["Drill", "Mode", "Options"]

Mode = Literal["jump", "real", "paced"]

Reason = Literal["recovered", "limit", "aborted", "invalid", "error"]


@dataclass(frozen=True, slots=True)
class Options:
    """What a caller asks for: which story, which people, which time."""

    bundle: ScenarioBundle
    crew: Crew
    crew_name: str
    crew_file: InputFile
    reports: Path
    plan: InputFile | None = None
    """The plan that it is a drill of."""
    seed: int = 1
    replica: str = "local"
    compose: Path | None = None
    """The user's own compose file, when that is what is drilled; `compose_file` is it for the record."""
    compose_file: InputFile | None = None
    allowed: Docker = field(default_factory=Docker)
    mode: Mode = "jump"
    pace: float = 1.0
    progress: Progress = field(default=lambda what, done, total: None)
    listeners: tuple[Callable[[Event], None], ...] = ()
    say: Callable[[str], None] = field(default=lambda text: None)
    hands: Callable[[Signals], AbstractContextManager[None]] = field(default=lambda signals: nullcontext())
    """Given what ends the drill, watches for somebody's hand on it for as long as the drill runs."""


@dataclass
class Drill:
    """Everything a stage needs. `end` notes why the drill is over, once."""

    id: str
    folder: Path
    bundle: ScenarioBundle
    conductor: Conductor
    replica: Replica
    staff: Staff
    faults: Faults
    pulse: Pulse
    armed: list[Armed]
    injects: Injects
    alerting: Alerting
    progress: Progress
    stage: str = ""
    ended: str = ""
    recovery: Recovery = field(init=False)
    happenings: Happenings = field(init=False)

    @property
    def scenario(self) -> Scenario:
        return self.bundle.scenario

    @property
    def protocol(self) -> Protocol:
        return self.bundle.protocol

    @property
    def clock(self) -> DrillClock:
        return self.conductor.clock

    @property
    def clean_window_s(self) -> float:
        """The scenario's own clean window, else the protocol's."""
        own = self.scenario.clean_window
        return self.protocol.clean_window if own is None else own

    def emit(self, body: Body) -> Event:
        """Put something that the harness itself did on record."""
        return self.conductor.emit(body, actor="harness", source="harness")

    def note(self, body: Body) -> None:
        """Put it on record if that can be written: a full disk must not keep anything from being healed."""
        with suppress(WriteFailed):
            self.emit(body)

    def end(self, reason: Reason, why: str = "") -> None:
        """Note why the drill is over; the first reason stands."""
        if not self.ended:
            self.ended = reason
            self.note(DrillEnded(reason, why))

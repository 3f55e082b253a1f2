"""A small drill without servers: manual drill time, a record in memory, probes and terminals that a test sets."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blackstart.clock import Instant, SystemTime
from blackstart.crew import Crew
from blackstart.drill.agenda import Agenda
from blackstart.events import (
    CommandFinished,
    CommandStarted,
    Event,
    FreeText,
    InjectDelivered,
    ProbeChanged,
)
from blackstart.people.crew import CrewPlayer
from blackstart.people.desk import Desk
from blackstart.people.pager import Pager
from blackstart.people.shell import CommandResult, RecordedShell
from blackstart.people.status_page import StatusPage
from blackstart.people.thread import Threads
from blackstart.people.words import hour
from blackstart.platform import Platform
from blackstart.protocol import Protocol
from blackstart.replica.base import ShellSpec
from blackstart.runbook import Runbook, parse
from blackstart.source import load
from blackstart.testing import START, History

if TYPE_CHECKING:
    from blackstart.clock import TimeSource
    from blackstart.events import Body, Source

SCENARIOS = Path(__file__).parents[2] / "scenarios"
INCIDENT = "INC-2026-04-26-001"

PROBES = {
    "vault": ("component", "vault"),
    "dns": ("component", "dns"),
    "resolver": ("component", "resolver"),
    "registry": ("component", "registry"),
    "ship": ("capability", "ship"),
    "authenticate": ("capability", "authenticate"),
    "payments-serving": ("team", "payments"),
    "orders-serving": ("team", "orders"),
    "search-serving": ("team", "search"),
}
SEALED = ("vault", "ship", "authenticate")
BASH = ("bash", "--noprofile", "--norc")


@dataclass
class Stage:
    """Drill time, record and board; what the conductor provides in a drill."""

    now_s: float = 0.0
    history: History = field(default_factory=History)
    agenda: Agenda = field(default_factory=Agenda)
    listeners: list[Callable[[Event], None]] = field(default_factory=list)
    red_probes: dict[str, str] = field(default_factory=dict)
    told: int = 0

    def emit(self, body: Body, *, actor: str, source: Source) -> Event:
        return self.history.add(body, at=self.now_s, actor=actor, source=source)

    def now(self) -> float:
        return self.now_s

    def at(self, drill_s: float, name: str, action: Callable[[], None]) -> None:
        self.agenda.at(drill_s, name, action)

    def red(self) -> Mapping[str, str]:
        return self.red_probes

    def probes(self) -> Mapping[str, tuple[str, str]]:
        return PROBES

    def turn(self, probe: str, red: bool) -> None:
        if red:
            self.red_probes[probe] = "503"
        else:
            self.red_probes.pop(probe, None)
        changed = ProbeChanged(probe, "red" if red else "green", "503" if red else "", self.now_s)
        self.emit(changed, actor=probe, source="probe")

    def run_until(self, drill_s: float) -> None:
        """Do what is due, in order, each event told before the next action, as the conductor does."""
        while True:
            while self.told < len(self.history.events):
                self.told += 1
                for listener in self.listeners:
                    listener(self.history.events[self.told - 1])
            due = self.agenda.next_s()
            if due is None or due > drill_s:
                self.now_s = max(self.now_s, drill_s)
                return
            self.now_s = max(self.now_s, due)
            self.agenda.take().action()

    def of(self, kind: str) -> list[Event]:
        return [event for event in self.history.events if event.kind == kind]


@dataclass
class FakeShell:
    """A terminal whose commands take `real_s` and do what the story says: two key shares open Vault again."""

    stage: Stage
    who: str
    real_s: float = 0.4
    exit_codes: dict[str, int] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    shares: int = 0

    def run(self, line: str, timeout_s: float) -> CommandResult:
        command = f"{self.who}/c-{len(self.lines) + 1}"
        self.lines.append(line)
        self.stage.emit(
            CommandStarted(command, self.who, FreeText.of(line)), actor=self.who, source="terminal"
        )
        self.stage.now_s += self.real_s
        self._unseal(line)
        code = self.exit_codes.get(line, 0)
        finished = CommandFinished(command, self.who, code, self.real_s, FreeText.of(""))
        self.stage.emit(finished, actor=self.who, source="terminal")
        return CommandResult(code, "", self.real_s, command)

    def _unseal(self, line: str) -> None:
        self.shares += line.startswith("bao operator unseal") and self.exit_codes.get(line, 0) == 0
        if self.shares == 2:
            for probe in list(self.stage.red_probes):
                self.stage.turn(probe, red=False)


def load_crew(name: str) -> Crew:
    return load(Crew, SCENARIOS / "crews" / f"{name}.yaml").model


def load_runbook() -> Runbook:
    path = SCENARIOS / "runbooks" / "vault-sealed.md"
    return parse(path.read_text(), str(path))


PLAYBOOK = load(Protocol, SCENARIOS / "protocols" / "playbook.yaml").model
PLATFORM = load(Platform, SCENARIOS / "platform.yaml").model


class Rehearsal:
    """One crew on the first scenario's story: sealed at 61 s, the page at 135 s, a question at 420 s."""

    def __init__(self, crew: Crew, seed: int = 1, real_s: float = 0.4) -> None:
        self.stage = Stage()
        self.crew = crew
        on_call = sorted((p.on_call, p.id) for p in crew.participants if p.on_call is not None)
        within_s = PLAYBOOK.acknowledgement.page_within
        self.pager = Pager([who for _, who in on_call], within_s, self.stage, self.stage.emit)
        self.threads = Threads(self.stage.emit)
        self.shells = {p.id: FakeShell(self.stage, p.id, real_s) for p in crew.participants}
        self.status_page = StatusPage(self.stage.emit, PLAYBOOK.status_page.phases)
        self.desk = Desk(self.pager, self.threads, self.status_page, self.shells, self.stage)
        self.player = CrewPlayer(
            crew,
            self.desk,
            self.stage,
            runbook=load_runbook(),
            protocol=PLAYBOOK,
            platform=PLATFORM,
            incident_id=INCIDENT,
            start=START,
            seed=seed,
        )
        self.stage.listeners.append(self.player.on_event)

    def seal(self) -> None:
        for probe in SEALED:
            self.stage.turn(probe, red=True)

    def page(self) -> None:
        self.pager.fire("vault", "VaultLoginFailing: machine logins have failed for 1 minute (503)")

    def ask(self) -> None:
        message = self.threads.post_scripted("payments", "#payments", "Is it us?")
        self.stage.emit(InjectDelivered("asks", "question", message), actor="harness", source="harness")

    def play(self, until_s: float = 9000.0) -> list[Event]:
        self.stage.at(61.0, "seal", self.seal)
        self.stage.at(135.0, "page", self.page)
        self.stage.at(420.0, "question", self.ask)
        self.stage.run_until(until_s)
        return self.stage.history.events


@pytest.fixture
def stage() -> Stage:
    return Stage()


class Standing:
    """The machine's clock, which stands still until there is a file: a command's time begins when it runs."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._machine = SystemTime()
        self._stood = self._machine.now()
        self._lost_ns: int | None = None

    def now(self) -> Instant:
        now = self._machine.now()
        if self._lost_ns is None and self._file.exists():
            self._lost_ns = now.mono_ns - self._stood.mono_ns
        return self._stood if self._lost_ns is None else Instant(now.wall, now.mono_ns - self._lost_ns)

    def sleep(self, seconds: float) -> None:
        self._machine.sleep(seconds)


@dataclass
class Terminals:
    """Makes recorded shells of a real bash, and counts when drill time ran."""

    folder: Path
    stage: Stage
    time: TimeSource = field(default_factory=SystemTime)
    opened: list[RecordedShell] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)

    @property
    def cast(self) -> Path:
        return self.folder / "terminals" / "sme-1.cast"

    def spec(self, argv: tuple[str, ...] = BASH, **env: str) -> ShellSpec:
        whole = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "TERM": "xterm",
            "LANG": "C.UTF-8",
            "PS1": r"sme-1@platform:\w\$ ",
        }
        return ShellSpec(argv, whole | env, self.folder)

    def open(self, argv: tuple[str, ...] = BASH, **env: str) -> RecordedShell:
        shell = RecordedShell(
            self.spec(argv, **env),
            self.cast,
            "sme-1",
            self.stage.emit,
            self._running,
            time=self.time,
            shown="terminals/sme-1.cast",
        )
        self.opened.append(shell)
        return shell

    @contextmanager
    def _running(self) -> Iterator[None]:
        self.ran.append("on")
        try:
            yield
        finally:
            self.ran.append("off")


@pytest.fixture
def terminals(tmp_path: Path, stage: Stage) -> Iterator[Terminals]:
    made = Terminals(tmp_path, stage)
    yield made
    for shell in made.opened:
        shell.close()


@pytest.fixture
def bash(terminals: Terminals) -> RecordedShell:
    return terminals.open()


@pytest.fixture
def timed(terminals: Terminals) -> Callable[..., RecordedShell]:
    """A shell with that in its environment, whose clock stands still until a command has made the file `on`."""
    terminals.time = Standing(terminals.folder / "on")
    return terminals.open


@dataclass(frozen=True)
class Kit:
    """What tests of crews need of the first scenario."""

    incident: str = INCIDENT
    protocol: Protocol = PLAYBOOK
    runbook: Runbook = field(default_factory=load_runbook)

    def rehearsal(self, crew: Crew | str, seed: int = 1, real_s: float = 0.4) -> Rehearsal:
        return Rehearsal(load_crew(crew) if isinstance(crew, str) else crew, seed, real_s)

    def open_vault(self, rehearsal: Rehearsal) -> None:
        for probe in SEALED:
            rehearsal.stage.turn(probe, red=False)

    def hour(self, drill_s: float) -> str:
        return hour(START, drill_s)


@pytest.fixture(scope="session")
def kit() -> Kit:
    return Kit()

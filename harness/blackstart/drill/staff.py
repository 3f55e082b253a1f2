"""The people of a drill and their instruments: pager, threads, status page, terminals, and the crew that plays."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from blackstart.drill.past import Past, ResumedShell
from blackstart.events import CommandFinished, CommandStarted, Event, FaultEffective
from blackstart.people.audit import AuditTail
from blackstart.people.crew import CrewPlayer
from blackstart.people.desk import Desk, Shell
from blackstart.people.pager import Pager
from blackstart.people.shell import RecordedShell
from blackstart.people.status_page import StatusPage
from blackstart.people.thread import Threads

if TYPE_CHECKING:
    from blackstart.drill.conductor import Conductor
    from blackstart.drill.drill import Options
    from blackstart.replica.base import Replica

__all__ = ["Staff"]

AUDITED = "vault"
"""The component whose own audit log shows who did what."""


class Staff:
    """Who responds, and with what. A listener of the conductor. The owner calls `close`."""

    def __init__(
        self,
        options: Options,
        drill_id: str,
        folder: Path,
        conductor: Conductor,
        replica: Replica,
        past: Past,
    ) -> None:
        protocol = options.bundle.protocol
        self._options = options
        self._folder = folder
        self._conductor = conductor
        self._replica = replica
        self._shells: dict[str, Shell] = {}
        self._opened: list[RecordedShell] = []
        self._past = past
        self._audit: AuditTail | None = None
        self._lines: dict[str, str] = {}
        self.pager = Pager(_on_call(options), protocol.acknowledgement.page_within, conductor, conductor.emit)
        self.threads = Threads(conductor.emit, protocol.thread.name)
        self.status_page = StatusPage(conductor.emit, protocol.status_page.phases)
        self.desk = Desk(self.pager, self.threads, self.status_page, self._shells, self)
        self._player = CrewPlayer(
            options.crew,
            self.desk,
            conductor,
            runbook=options.bundle.runbook,
            protocol=protocol,
            platform=options.bundle.platform,
            incident_id=drill_id,
            start=conductor.clock.start.wall,
            seed=options.seed,
        )

    # --- the board that everybody may see -------------------------------------------------------

    def red(self) -> Mapping[str, str]:
        """Every probe that is not green, with the reason (`people.base.Board`)."""
        return self._conductor.probes().not_green()

    def probes(self) -> Mapping[str, tuple[str, str]]:
        """What each probe watches (`people.base.Board`)."""
        return {probe.name: (probe.of, probe.subject) for probe in self._conductor.probes().probes}

    # --- terminals ------------------------------------------------------------------------------

    def open_terminals(self) -> None:
        """Give every participant a terminal, and follow the audit log. The replica must be up."""
        casts = self._folder / "terminals"
        casts.mkdir(exist_ok=True)
        people = [person.id for person in self._options.crew.participants]
        for person in people:
            self._shells[person] = self._terminal(person, casts)
        if AUDITED in self._replica.components() and (log := self._replica.audit_log(AUDITED)):
            self._audit = AuditTail(AUDITED, log, people)

    def _terminal(self, person: str, casts: Path) -> Shell:
        past = self._past
        name = f"{person}.cast" if not past.times else f"{person}-{past.times + 1}.cast"
        shell = RecordedShell(
            self._replica.shell(person),
            casts / name,
            person,
            self._conductor.emit,
            self._conductor.real,
            time=self._conductor.clock.source,
            shown=f"terminals/{name}",
            shells=past.shells[person],
            commands=past.commands[person],
        )
        self._opened.append(shell)
        return ResumedShell(person, shell, self._conductor) if self._conductor.replaying() else shell

    def close(self) -> None:
        """End every terminal, whatever runs in it. What the audit log still has goes on record first."""
        self._read_audit()
        for shell in self._opened:
            shell.close()

    # --- events ---------------------------------------------------------------------------------

    def on_event(self, event: Event) -> None:
        """Let the crew hear of it, and look for what a command has left behind."""
        match event.body:
            case CommandStarted(command=command, line=line):
                self._lines[command] = line.shown
            case CommandFinished(command=command):
                self._read_audit()
                if self._may_change(self._lines.get(command, "")):
                    self._conductor.effect_pending()
            case FaultEffective():
                self._read_audit()
            case _:
                pass
        self._player.on_event(event)

    def _may_change(self, line: str) -> bool:
        """Whether a command may have changed the replica: all do that the runbook does not call read-only."""
        commands = [command for step in self._options.bundle.runbook.steps for command in step.commands]
        return not any(command.text.strip() == line.strip() and not command.mutating for command in commands)

    def _read_audit(self) -> None:
        if self._audit is not None and not self._conductor.replaying():
            for body in self._audit.read():
                if self._past.audited > 0:  # on record from before the harness died
                    self._past.audited -= 1
                    continue
                self._conductor.emit(body, actor=body.who or AUDITED, source="audit")


def _on_call(options: Options) -> list[str]:
    """The participants that a page reaches, first in line first."""
    tiers = [(p.on_call, p.id) for p in options.crew.participants if p.on_call is not None]
    return [person for _, person in sorted(tiers)]

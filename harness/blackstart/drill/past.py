"""What a resumed drill must know of its past that its replay does not tell: what people's terminals had counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from blackstart.events import AuditSeen, CommandStarted, DrillResumed, Event, ShellOpened
from blackstart.people.shell import CommandResult

if TYPE_CHECKING:
    from blackstart.drill.conductor import Conductor
    from blackstart.people.shell import RecordedShell

__all__ = ["Past", "ResumedShell"]


@dataclass
class Past:
    """Counts from the record: shells and commands of each participant, lines of the audit log, earlier resumes.

    `times` is how often the drill was begun before: 0 for one that is new.
    """

    shells: Counter[str] = field(default_factory=Counter)
    commands: Counter[str] = field(default_factory=Counter)
    audited: int = 0
    times: int = 0

    @classmethod
    def of(cls, events: Iterable[Event]) -> Past:
        """The past of a drill that is resumed."""
        past = cls(times=1)
        for event in events:
            match event.body:
                case ShellOpened():
                    past.shells[event.actor] += 1
                case CommandStarted():
                    past.commands[event.actor] += 1
                case AuditSeen():
                    past.audited += 1
                case DrillResumed():
                    past.times += 1
                case _:
                    pass
        return past


class ResumedShell:
    """A participant's terminal whose first commands come from the record (`people.desk.Shell`)."""

    def __init__(self, who: str, shell: RecordedShell, conductor: Conductor) -> None:
        self._who = who
        self._shell = shell
        self._conductor = conductor

    def run(self, line: str, timeout_s: float) -> CommandResult:
        """What came of the command, if that is on record; else it is typed."""
        replay = self._conductor.replay
        known = replay.command(self._who, line) if replay else None
        if known is None:
            return self._shell.run(line, timeout_s)
        return CommandResult(known.exit_code, known.output.shown, known.real_s, known.command)

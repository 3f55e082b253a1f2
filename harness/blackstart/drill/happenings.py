"""What happens to the replica's containers, by the engine's own word: on record, and told when a component has died."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from threading import Condition
from typing import TYPE_CHECKING

from blackstart.clock import iso
from blackstart.errors import InvalidDrill
from blackstart.events import ContainerChanged, Event
from blackstart.record.store import WriteFailed
from blackstart.replica.telling import REMOVED, Equipped, Eventful

if TYPE_CHECKING:
    from blackstart.drill.drill import Drill
    from blackstart.replica.base import Replica
    from blackstart.replica.telling import Following, Happening

__all__ = ["End", "Happenings"]

TOLD_WITHIN_S = 10.0
"""Real seconds in which the engine tells of a death that was seen otherwise, on a machine that is busy. A third of the
lease (`pulse.py`): nobody beats meanwhile.
"""

_BY_SIGNAL = 128
"""An exit code above it is this much more than the signal that ended the container (POSIX shells' way)."""

_WORDS = frozenset({"1", "10", "12", "SIGHUP", "SIGUSR1", "SIGUSR2"})
"""Signals by which the harness and its servers talk, at each jump of the clock: they happen to no container."""

_NOT_DEAD = -1

_OF_STOP = ("15", "SIGTERM")


@dataclass(frozen=True, slots=True)
class End:
    """How a component ended: the words after "ended", empty when nobody told.

    `by_hand`: somebody had docker end it, and it was not the harness. No fault does that. `for_good`: it was removed,
    which no command of people's does, nor undoes.
    """

    how: str = ""
    by_hand: bool = False
    for_good: bool = False


@dataclass(slots=True)
class _Life:
    """What the engine told of a component since it was started. `died` is None while it lives.

    An end that the harness asked for is none: whoever asks how it died means a later one, which is still to be told.
    """

    died: int | None = None
    removed: bool = False
    """Whether it ended by being removed."""
    gone: bool = False
    """Whether it was removed, however it ended."""
    out_of_memory: bool = False
    signals: list[str] = field(default_factory=list)

    def take(self, happening: Happening) -> None:
        if happening.what == "oom":
            self.out_of_memory = True
        elif happening.what == "kill":
            self.signals.append(happening.detail)
        elif happening.what == "die" and not happening.asked:
            self.died = happening.exit_code or 0
            self.removed = happening.detail == REMOVED
        elif happening.what == "destroy" and not happening.asked:
            self.removed = self.removed or self.died is None  # else it was dead before
            self.gone = True

    def over(self) -> bool:
        return self.died is not None or self.removed

    def end(self) -> End:
        """What was told, and what can be left out of account."""
        if self.removed:
            how = "as it was removed by docker rm of somebody unknown, not by blackstart"
            return End(how, by_hand=True, for_good=True)
        if self.gone:
            return End(f"{self._death().how}, and was then removed by docker rm", by_hand=True, for_good=True)
        return self._death()

    def _death(self) -> End:
        code = f"exit code {self.died}"
        if self.out_of_memory:
            return End(f"out of memory: the kernel killed it ({code})")
        return End(f"{self._by()} ({code}; not by blackstart, not out of memory)", bool(self.signals))

    def _by(self) -> str:
        if self.signals:
            by = "docker stop" if self.signals[0] in _OF_STOP else "docker kill"
            return f"by {by} of somebody unknown: signal {' and '.join(self.signals)}"
        if self.died and self.died > _BY_SIGNAL:
            return f"by signal {self.died - _BY_SIGNAL}, which docker did not send"
        return "by itself"


class Happenings:
    """Follows the containers of one drill. A listener of the conductor. The owner calls `close`."""

    def __init__(self, drill: Drill) -> None:
        self._drill = drill
        self._following: Following | None = None
        self._lives: dict[str, _Life] = {}
        self._told = Condition()

    def begin(self, replica: Replica) -> None:
        """Follow what happens from now on, if this replica has containers; in a replay, from its end on."""
        if isinstance(replica, Eventful):
            self._drill.conductor.at_life(lambda: self._follow(replica))

    def _follow(self, replica: Eventful) -> None:
        self._following = replica.happenings(self._tell)

    def close(self) -> None:
        """Follow no more: what ends from here on is taken down. May be called again, and when nothing was followed."""
        if self._following is not None:
            self._following.close()

    def _tell(self, happening: Happening) -> None:
        """Called from another thread."""
        if _says_nothing(happening):
            return
        who = "harness" if happening.asked else happening.component or "docker"
        with suppress(WriteFailed):  # a full disk: the drill says so elsewhere
            self._drill.conductor.emit(_body(happening), actor=who, source="harness")
        with self._told:
            if happening.what == "start":
                self._lives.pop(happening.component, None)
            self._life(happening.component).take(happening)
            self._told.notify_all()

    def _life(self, component: str) -> _Life:
        return self._lives.setdefault(component, _Life())

    def end_of(self, component: str) -> End:
        """How a component that is dead came to its end."""
        if self._following is None or not self._is_told_of(component):
            return End()
        with self._told:
            told = self._told.wait_for(lambda: self._life(component).over(), TOLD_WITHIN_S)
            return self._life(component).end() if told else End()

    def _is_told_of(self, component: str) -> bool:
        """Not of what a replica has beside a user's own components: it speaks for itself there."""
        replica = self._drill.replica
        return isinstance(replica, Equipped) or component in replica.components()

    def on_event(self, event: Event) -> None:
        """Without its engine a drill is blind: it ends, as when the replica breaks."""
        match event.body:
            case ContainerChanged(what="daemon-gone", detail=why):
                if not (self._drill.ended or self._drill.conductor.replaying()):
                    raise InvalidDrill(
                        f"docker went away in the middle of the drill: {why}",
                        hint="nobody is scored; start docker, then run: blackstart recover",
                    )
            case _:
                pass


def _says_nothing(happening: Happening) -> bool:
    """A signal that is a word to the server, such as "read your files anew"; and the harness's own, whose end follows."""
    return happening.what == "kill" and (happening.asked or happening.detail in _WORDS)


def _body(happening: Happening) -> ContainerChanged:
    return ContainerChanged(
        happening.component,
        happening.what,
        _NOT_DEAD if happening.exit_code is None else happening.exit_code,
        happening.detail,
        happening.asked,
        iso(happening.wall),
    )

"""What a crew's texts say where they have a gap: times, the symptom, and an impact that is true when it is posted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from blackstart.clock import after
from blackstart.people.base import DRILL_MARK

if TYPE_CHECKING:
    from datetime import datetime

    from blackstart.people.base import Board
    from blackstart.platform import Platform
    from blackstart.runbook import Runbook, Step

__all__ = ["Progress", "filled", "hour", "impact", "link", "next_hour", "suspect", "symptom_of"]

ALL_GREEN = "none: all probes are green"


def filled(text: str, values: dict[str, str]) -> str:
    """The text with its gaps filled; KeyError for one that nobody fills, which loading a crew refuses."""
    return text.format_map(values).rstrip("\n")


def hour(start: datetime, drill_s: float) -> str:
    """The drill's UTC as HH:MM, cut to the minute as people write it."""
    return after(start, drill_s).strftime("%H:%M")


def next_hour(start: datetime, drill_s: float, cadence_s: float) -> str:
    """When the next update is promised: a cadence after the stamp that `hour` gives."""
    stamp = after(start, drill_s).replace(second=0, microsecond=0)
    return (stamp + timedelta(seconds=cadence_s)).strftime("%H:%M")


def link(thread: str, incident_id: str) -> str:
    """How people point to the incident thread."""
    return f"#{thread} ({incident_id})"


def symptom_of(page: str) -> str:
    """A page's text as people repeat it: without the drill's mark, and as part of a sentence."""
    return page.removeprefix(DRILL_MARK).strip().rstrip(".")


def impact(board: Board, platform: Platform) -> str:
    """Who cannot do what, and who is not affected, as the probes say at this moment."""
    red = set(board.red())
    if not red:
        return ALL_GREEN
    subjects: dict[str, dict[str, bool]] = {"capability": {}, "team": {}, "component": {}}
    for probe, (of, subject) in board.probes().items():
        broken = subjects.setdefault(of, {})
        broken[subject] = broken.get(subject, False) or probe in red
    parts = [
        *_capabilities(subjects["capability"], platform),
        _sentence(_where(subjects["team"], True), "does not serve", "do not serve"),
        _sentence(_where(subjects["team"], False), "keeps serving", "keep serving"),
    ]
    if not any(subjects["capability"].values()) and not any(subjects["team"].values()):
        parts.insert(0, _sentence(_where(subjects["component"], True), "is down", "are down"))
    return " ".join(part for part in parts if part)


def suspect(board: Board) -> str:
    """The components that are red now: what a person who looks at the board suspects first."""
    red = board.red()
    components = [
        subject for probe, (of, subject) in board.probes().items() if of == "component" and probe in red
    ]
    return _list(list(dict.fromkeys(components))) if components else "nothing that is red now"


def _capabilities(states: dict[str, bool], platform: Platform) -> Iterable[str]:
    """Broken capabilities with what people call their use, then the ones that work."""
    broken = _where(states, True)
    if broken:
        uses = _list([_use(name, platform) for name in broken])
        yield f"{_list(broken)} {'fails' if len(broken) == 1 else 'fail'}: new {uses} do not work."
    yield _sentence(_where(states, False), "works", "work")


def _use(name: str, platform: Platform) -> str:
    """How people call the uses of a capability: its first word in the plural ("deploys"), else its name."""
    node = platform.capabilities.get(name)
    words = node.words if node else []
    return next((word for word in words if word.endswith("s")), name)


def _where(states: dict[str, bool], broken: bool) -> list[str]:
    return [name for name, is_broken in states.items() if is_broken is broken]


def _sentence(names: Sequence[str], one: str, many: str) -> str:
    return f"{_list(names)} {one if len(names) == 1 else many}." if names else ""


def _list(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *rest, last = names
    return f"{', '.join(rest)} and {last}" if rest else last


class Progress:
    """How far a crew is in the runbook, for the line Investigation of an update."""

    def __init__(self, runbook: Runbook) -> None:
        self._runbook = runbook
        self._done: list[str] = []
        self._failed = ""

    def done(self, step: Step) -> None:
        """Every command of a step went as the runbook says."""
        self._failed = ""
        if step.id not in self._done:
            self._done.append(step.id)

    def failed(self, step: Step, exit_code: int) -> None:
        """A command of a step did not."""
        self._failed = f"{step.id} ended with exit code {exit_code}"

    def text(self) -> str:
        """What was done, what failed, what comes next."""
        ahead = [step.id for step in self._runbook.steps if step.commands and step.id not in self._done]
        if not ahead:
            return f"every step of the runbook {self._runbook.slug} done"
        done = f"{_list(self._done)} of the runbook {self._runbook.slug} done" if self._done else "begins now"
        return ", ".join(part for part in (done, self._failed, f"next is {ahead[0]}") if part)

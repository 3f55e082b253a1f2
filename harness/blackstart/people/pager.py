"""The pager: fires, delivers, is acknowledged, escalates.

On-call people are tiers in order. A page goes to the first; whoever has it has the protocol's time to
acknowledge, then the next tier gets it too. Asking for help passes it on at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from blackstart.errors import UsageError
from blackstart.events import FreeText, PageAcked, PageDelivered, PageEscalated, PageFired
from blackstart.people.base import Emit, Schedule, marked

__all__ = ["Alerted", "Page", "Pager"]


@dataclass(frozen=True, slots=True)
class Alerted:
    """Which monitoring's alert a page is: see `events.PageFired`. All empty where the harness stands for monitoring."""

    via: str = ""
    alert: str = ""
    fingerprint: str = ""


BY_HARNESS = Alerted()


@dataclass(slots=True)
class Page:
    """One page. `tier` is the last it reached; `acked` says by whom, in order; `due_s` when it goes on."""

    id: str
    probe: str
    symptom: str
    tier: int = 0
    due_s: float = 0.0
    acked: list[str] = field(default_factory=list)
    answered: bool = False


class Pager:
    """`on_call` are the participants by tier, the first in line first; at least one.

    `within_s` is how long a delivered page waits for its acknowledgement, in drill seconds.
    Errors: UsageError for a page that does not exist.
    """

    def __init__(self, on_call: Sequence[str], within_s: float, schedule: Schedule, emit: Emit) -> None:
        if not on_call:
            raise UsageError("nobody is on call", hint="give one participant of the crew on_call: 1")
        self._on_call = tuple(on_call)
        self._within_s = within_s
        self._schedule = schedule
        self._emit = emit
        self._pages: dict[str, Page] = {}

    def fire(self, probe: str, symptom: str, by: Alerted = BY_HARNESS) -> str:
        """An alert became true: page the first in line. Returns the page's id."""
        page = Page(f"p-{len(self._pages) + 1}", probe, marked(symptom))
        self._pages[page.id] = page
        words = FreeText.of(page.symptom)
        fired = PageFired(page.id, probe, words, self._on_call[0], by.via, by.alert, by.fingerprint)
        self._emit(fired, actor="harness", source="page")
        self._deliver(page)
        return page.id

    def acknowledge(self, who: str, page: str) -> None:
        """Somebody takes the page. Each person's first acknowledgement counts; it never escalates after one."""
        taken = self.page(page)
        taken.answered = True
        if who not in taken.acked:
            taken.acked.append(who)
            self._emit(PageAcked(page, who), actor=who, source="page")

    def help(self, who: str, page: str) -> str:
        """Pass the page on to the next tier now. Returns who has it, or an empty text when nobody is left."""
        return self._escalate(self.page(page), self._schedule.now(), f"{who} asked for help", actor=who)

    def page(self, page: str) -> Page:
        """One page by its id."""
        found = self._pages.get(page)
        if found is None:
            known = ", ".join(self._pages) or "none yet"
            raise UsageError(f"there is no page {page!r}", hint=f"pages so far: {known}")
        return found

    def open(self) -> tuple[Page, ...]:
        """The pages that wait for somebody, oldest first."""
        return tuple(page for page in self._pages.values() if not page.answered)

    def _deliver(self, page: Page) -> None:
        page.tier += 1
        page.answered = False
        self._emit(PageDelivered(page.id, self._to(page), page.tier), actor="harness", source="page")
        page.due_s = self._schedule.now() + self._within_s
        self._schedule.at(page.due_s, f"escalate {page.id}", self._deadline(page, page.tier, page.due_s))

    def _deadline(self, page: Page, tier: int, due_s: float) -> Callable[[], None]:
        def check() -> None:
            if page.tier == tier and not page.answered:
                why = f"{self._to(page)} did not acknowledge within {self._within_s:g} s"
                self._escalate(page, due_s, why, actor="harness")

        return check

    def _escalate(self, page: Page, due_s: float, why: str, *, actor: str) -> str:
        if page.tier >= len(self._on_call):
            return ""
        to = self._on_call[page.tier]
        escalated = PageEscalated(page.id, to, page.tier + 1, due_s, why)
        self._emit(escalated, actor=actor, source="page")
        self._deliver(page)
        return to

    def _to(self, page: Page) -> str:
        return self._on_call[page.tier - 1]

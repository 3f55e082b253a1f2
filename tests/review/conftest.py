"""A drill told in a few lines: `story.page(135).ack(171, "ic-1").say(189, "...")`, then `story.review()`.

Entries may be told in any order; they are put on record in the order of their drill seconds. Between two of them the
clock jumps, with a round of probes on both sides, as it does when only crews take part; `blind` leaves rounds out.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from blackstart import events as ev
from blackstart import runbook
from blackstart.chain import Body, Event, FreeText, Source
from blackstart.clock import after
from blackstart.review import review
from blackstart.testing import History

if TYPE_CHECKING:
    from blackstart.review.model import Finding, Metric, Review

ROOT = Path(__file__).parents[2]
FILES = {
    "scenario": "scenarios/vault/auth-503.yaml",
    "protocol": "scenarios/protocols/playbook.yaml",
    "runbook": "scenarios/runbooks/vault-sealed.md",
    "platform": "scenarios/platform.yaml",
    "crew": "scenarios/crews/by-the-book.yaml",
}
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
HIT = ("vault", "ship", "authenticate")
"""What turns red when Vault is sealed."""
DRILL = "INC-2026-04-26-001"
PEOPLE = ("ic-1", "sme-1", "comms-1")
BROKEN = (
    "ship and authenticate fail: new deploys and logins do not work. "
    "payments, orders and search keep serving."
)
ALL_WELL = "none: all probes are green"

Probe = Literal["green", "red", "missing"]


@cache
def shipped(kind: str) -> str:
    """The text of a file of the repository."""
    return (ROOT / FILES[kind]).read_text("utf-8")


class Story:
    """One drill. Times are drill seconds; the fault comes at 60, when the response begins."""

    def __init__(self, *, interval_s: float = 1.0, pace: float = 1.0, jump: bool = True) -> None:
        self.interval_s, self.pace, self.jump = interval_s, pace, jump
        self.inputs = {kind: shipped(kind) for kind in FILES}
        self.participants: tuple[str, ...] = PEOPLE
        self.redact: set[int] = set()
        self._entries: list[tuple[float, Body, str, Source]] = []
        self._states: dict[str, list[tuple[float, Probe]]] = {name: [] for name in PROBES}
        self._blind: list[tuple[float, float]] = []
        self._count = 0
        self.stage(0.0, "provision").stage(0.0, "steady").stage(60.0, "respond")

    # --- what happens -----------------------------------------------------------------------------

    def add(self, at: float, body: Body, actor: str = "harness", source: Source = "harness") -> Story:
        self._entries.append((at, body, actor, source))
        return self

    def edit(self, kind: str, old: str, new: str) -> Story:
        """The drill ran with other words in one of its files."""
        assert old in self.inputs[kind]
        self.inputs[kind] = self.inputs[kind].replace(old, new, 1)
        return self

    def stage(self, at: float, stage: str) -> Story:
        return self.add(at, ev.StageEntered(stage))

    def fault(
        self, at: float = 60.0, fault: str = "sealed", target: str = "vault", probe: str = "vault"
    ) -> Story:
        self.add(at, ev.FaultIntended(fault, "vault.seal", target, {}, {}, probe, 10.0))
        return self.add(at, ev.FaultInjected(fault))

    def effective(self, at: float, fault: str = "sealed", probe: str = "vault") -> Story:
        return self.add(at, ev.FaultEffective(fault, probe))

    def probes(self, at: float, state: Probe, *names: str, since: float | None = None) -> Story:
        before = at if since is None else since
        for name in names or HIT:
            self._states[name].append((at, state))
            reason = "503 Vault is sealed" if state == "red" else ""
            self.add(at, ev.ProbeChanged(name, state, reason, before), name, "probe")
        return self

    def red(self, at: float, *names: str, since: float | None = None) -> Story:
        return self.probes(at, "red", *names, since=since)

    def green(self, at: float, *names: str, since: float | None = None) -> Story:
        return self.probes(at, "green", *names, since=since)

    def missing(self, at: float, *names: str) -> Story:
        return self.probes(at, "missing", *names)

    def blind(self, start: float, end: float) -> Story:
        """Nobody looked in between: no round, and no jump either."""
        self._blind.append((start, end))
        return self

    def page(
        self, at: float, to: str = "ic-1", *, delivered: float | None = None, page: str = "p-1"
    ) -> Story:
        text = FreeText.of("[DRILL] VaultLoginFailing: machine logins have failed for 1 minute (503)")
        self.add(at, ev.PageFired(page, "vault", text, to), source="page")
        return self.deliver(at if delivered is None else delivered, to, page=page)

    def deliver(self, at: float, to: str, *, tier: int = 1, page: str = "p-1") -> Story:
        return self.add(at, ev.PageDelivered(page, to, tier), source="page")

    def ack(self, at: float, by: str = "ic-1", page: str = "p-1") -> Story:
        return self.add(at, ev.PageAcked(page, by), by, "page")

    def say(
        self, at: float, text: str, who: str = "comms-1", channel: str = "incident", *, bot: bool = False
    ) -> Story:
        self._count += 1
        return self.add(
            at, ev.ThreadPosted(f"m-{self._count}", channel, FreeText.of(text), bot), who, "thread"
        )

    def ask(self, at: float, team: str = "payments") -> Story:
        """A team asks in its own channel, by the scenario."""
        self.say(at, "Our deploys fail. Is it us?", team, f"#{team}", bot=True)
        return self.add(at, ev.InjectDelivered(f"{team}-asks", "question", f"m-{self._count}"))

    def pin(self, at: float, who: str = "ic-1") -> Story:
        """Pin the message told last."""
        return self.add(at, ev.ThreadPinned(f"m-{self._count}", "incident"), who, "thread")

    def acknowledge(self, at: float, who: str = "ic-1") -> Story:
        text = f"{DRILL} acknowledged. Investigating Vault logins answering 503. Updates in this thread."
        return self.say(at, text, who).pin(at + 5, who)

    def update(
        self, at: float, impact: str = BROKEN, *, next_in: float = 900.0, who: str = "comms-1"
    ) -> Story:
        """A status update in its form, which promises the next so many seconds after its stamp."""
        stamp, following = self.clock(at), self.clock(at - at % 60 + next_in)
        return self.say(
            at,
            f"[{stamp} UTC] STATUS UPDATE — {DRILL}\nSymptom: logins at Vault answer 503\nImpact: {impact}\n"
            f"Investigation: Vault is sealed\nNext update: {following} UTC, or sooner if the state changes",
            who,
        )

    def clock(self, at: float) -> str:
        """The drill's UTC as people write it."""
        return after(History().start, at).strftime("%H:%M")

    def status(self, at: float, phase: str) -> Story:
        return self.add(at, ev.StatusPosted(phase, FreeText.of(phase)), "comms-1", "thread")

    def run(
        self, at: float, line: str, who: str = "sme-1", *, exit_code: int | None = 0, takes: float = 0.5
    ) -> Story:
        self._count += 1
        name = f"{who}/c-{self._count}"
        self.add(at, ev.CommandStarted(name, f"{who}/sh-1", FreeText.of(line)), who, "terminal")
        if exit_code is not None:
            done = ev.CommandFinished(name, f"{who}/sh-1", exit_code, takes, FreeText.of(""))
            self.add(at + takes, done, who, "terminal")
        return self

    def follow(self, at: float, section: str, who: str = "sme-1") -> Story:
        """Run every command of a section of the runbook, a second apart."""
        steps = runbook.parse(self.inputs["runbook"], FILES["runbook"]).section(section)
        for number, command in enumerate(command for step in steps for command in step.commands):
            sealed = 2 in command.exit_codes
            self.run(at + number, command.text, who, exit_code=2 if sealed else 0)
        return self

    def diagnose(self, at: float, who: str = "sme-1") -> Story:
        return self.follow(at, "diagnosis", who)

    def unseal(self, at: float, who: str = "sme-1") -> Story:
        return self.follow(at, "fix", who)

    def verify(self, at: float, who: str = "sme-1") -> Story:
        return self.follow(at, "verification", who)

    def finish(self, at: float, reason: str = "recovered", *, by: str = "people") -> Story:
        """The drill ends, the harness heals, the record is closed."""
        self.add(at, ev.DrillEnded(reason))  # type: ignore[arg-type]  # a test may say any reason
        self.stage(at, "heal").add(at, ev.FaultHealing("sealed"))
        if by == "harness":
            self.green(at + 1)
        self.add(at + 2, ev.FaultHealed("sealed", by))  # type: ignore[arg-type]
        return self.add(at + 2, ev.FaultProven("sealed", "vault")).add(at + 2, ev.DrillClosed(0, ""))

    # --- the record -------------------------------------------------------------------------------

    def events(self) -> list[Event]:
        """The record of it."""
        history = History()
        history.add(self._header(), at=0.0)
        for name, (of, subject) in PROBES.items():
            history.add(ev.ProbeDeclared(name, of, subject, self.interval_s), actor=name, source="probe")  # type: ignore[arg-type]
        self._round(history, 0.0)
        for name in PROBES:
            history.add(ev.ProbeChanged(name, "green", "", 0.0), actor=name, source="probe")
        for at, body, actor, source in sorted(self._entries, key=lambda entry: entry[0]):
            self._pass(history, at)
            history.add(body, at=at, actor=actor, source=source)
        return [self._redacted(event) for event in history.events]

    def _header(self) -> ev.DrillOpened:
        files = [
            {
                "kind": kind,
                "path": path,
                "sha256": sha256(self.inputs[kind].encode()).hexdigest(),
                "text": self.inputs[kind],
            }
            for kind, path in FILES.items()
        ]
        people: list[dict[str, Any]] = [
            {"id": who, "roles": [who.split("-")[0]]} for who in self.participants
        ]
        clock = "jump" if self.jump else "real"
        return ev.DrillOpened(
            DRILL, 1, "0", "auth-503", "test", 1, "local", clock, self.pace, "2026-04-26T15:30:00Z", self.interval_s,
            people, files,
        )  # fmt: skip

    def _pass(self, history: History, at: float) -> None:
        """Let time go by until then, by a jump or round by round."""
        now = history.events[-1].drill_s
        if at <= now or any(start < at and now < end for start, end in self._blind):
            return
        if self.jump:
            history.add(ev.ClockJumped(now, at), at=at)
            return self._round(history, at)
        step = self.interval_s * self.pace
        for number in range(int(now // step) + 1, int(at // step) + 1):
            self._round(history, number * step)
        return None

    def _round(self, history: History, at: float) -> None:
        states = {
            name: next((state for s, state in sorted(edges, reverse=True) if s <= at), "green")
            for name, edges in self._states.items()
        }
        history.add(ev.ProbesSampled(dict(states), {}), at=at, actor="sampler", source="probe")

    def _redacted(self, event: Event) -> Event:
        body = event.body
        if event.seq in self.redact and isinstance(body, ev.ThreadPosted):
            return replace(event, body=replace(body, text=body.text.redacted()))
        if event.seq in self.redact and isinstance(body, ev.CommandStarted):
            return replace(event, body=replace(body, line=body.line.redacted()))
        return event

    # --- its judgement ----------------------------------------------------------------------------

    def review(self) -> Review:
        return review(self.events())

    def metric(self, name: str) -> Metric:
        return metric(self.review(), name)

    def finding(self, rule: str) -> Finding | None:
        return finding(self.review(), rule)


def metric(judged: Review, name: str) -> Metric:
    """The metric of that name."""
    return next(one for one in judged.metrics if one.name == name)


def finding(judged: Review, rule: str) -> Finding | None:
    """The finding of that rule; None where the rule had nothing to judge."""
    return next((one for one in judged.findings if one.rule == rule), None)


def broken() -> Story:
    """Vault is sealed at 60, three probes turn red at 61, a page goes out at 135. Nobody has done anything."""
    return Story().fault(60).red(61, since=60).effective(61).page(135)


def told() -> Story:
    """The same, and people have taken it, said so and named their roles. Nothing was touched yet."""
    story = broken().ack(171).acknowledge(190)
    story.say(205, "I'm IC. comms-1, please speak for us.", "ic-1").say(225, "I'm the SME.", "sme-1")
    return story.say(240, "I'm comms.").status(255, "investigating")


def worked() -> Story:
    """The same, looked at, told and fixed: everything is green at 740."""
    story = told().diagnose(275).update(330).status(370, "identified")
    story.say(700, "Next I do what the runbook has under Fix.", "sme-1").unseal(738).green(740, since=739)
    return story.verify(760).say(800, "Fixed: every probe is green again.", "sme-1")


def golden() -> Story:
    """The playbook's worked example, by the book to its end: the all-clear 3,760 s after the recovery."""
    story = worked().update(830, ALL_WELL, next_in=1500).status(850, "monitoring")
    story.update(2330, ALL_WELL, next_in=1500).update(3830, ALL_WELL, next_in=1500)
    return story.status(4480, "resolved").say(4500, "All clear. It is over.", "ic-1").finish(4560)


class Stories:
    """What tests begin from; each call tells it anew."""

    new = Story
    broken = staticmethod(broken)
    told = staticmethod(told)
    worked = staticmethod(worked)
    golden = staticmethod(golden)


@pytest.fixture(scope="session")
def stories() -> type[Stories]:
    return Stories

"""Two drills with everything that a report shows: one by the book, one in which nobody is told anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pytest

from blackstart import events as ev
from blackstart.events import Event, FreeText
from blackstart.review.model import Broken, Finding, Gate, Metric, Rating, Review, Span, StepLine, Where
from blackstart.testing import History

PROTOCOL = "scenarios/protocols/playbook.yaml"
RUNBOOK = "scenarios/runbooks/vault-sealed.md"

PROBES = (
    ("vault", "component", "vault"),
    ("ship", "capability", "ship"),
    ("payments-serving", "team", "payments"),
)

SCENARIO = """\
kind: scenario
title: Vault answers 503 on its auth endpoints
story: Vault seals itself.
brief: You are on call.
protocol: playbook
runbook: vault-sealed
blocks: [ship]
faults: [{id: sealed, fault: vault.seal, target: vault, turns_red: vault}]
injects: []
"""

PLATFORM = """\
kind: platform
components: {vault: {owner: platform-security, probes: [vault]}}
capabilities: {ship: {needs: [vault], probes: [ship]}}
teams: {payments: {channel: "#payments", probes: [payments-serving]}}
"""


@dataclass(frozen=True)
class Drill:
    """A record and its judgement."""

    review: Review
    events: Sequence[Event]

    def seq(self, kind: str, number: int = 0) -> int:
        """The event number of the n-th of a kind."""
        return [event.seq for event in self.events if event.kind == kind][number]


class Script(History):
    """A record written down with fewer words. It jumps to wherever the next event is."""

    def to(self, second: float) -> None:
        last = self.events[-1].drill_s
        self.add(ev.ClockJumped(last, second), at=second)
        self.add(
            ev.ProbesSampled({name: "green" for name, _, _ in PROBES}, {}), source="probe", actor="sampler"
        )

    def turn(self, state: str, *probes: str) -> None:
        for probe in probes:
            since = self.events[-1].drill_s
            reason = "503 Vault is sealed" if state == "red" else ""
            body = ev.ProbeChanged(probe, "red" if state == "red" else "green", reason, since)
            self.add(body, actor=probe, source="probe")

    def say(self, who: str, text: str, channel: str = "incident", *, bot: bool = False) -> None:
        number = sum(isinstance(event.body, ev.ThreadPosted) for event in self.events) + 1
        self.add(ev.ThreadPosted(f"m-{number}", channel, FreeText.of(text), bot), actor=who, source="thread")

    def run(self, who: str, line: str, output: str, code: int = 0) -> None:
        number = sum(isinstance(event.body, ev.CommandStarted) for event in self.events) + 1
        name, at = f"{who}/c-{number}", self.events[-1].drill_s
        self.add(ev.CommandStarted(name, f"{who}/sh-1", FreeText.of(line)), actor=who, source="terminal")
        end = ev.CommandFinished(name, f"{who}/sh-1", code, 0.1, FreeText.of(output))
        self.add(end, at=at + 0.1, actor=who, source="terminal")


def opened(crew: str) -> ev.DrillOpened:
    return ev.DrillOpened(
        drill="INC-2026-04-26-001",
        schema=1,
        blackstart="0.1.0",
        scenario="scenarios/vault/auth-503.yaml",
        crew=crew,
        seed=1,
        replica="local",
        clock="jump",
        pace=1.0,
        start="2026-04-26T15:30:00.000000Z",
        probe_interval_s=1.0,
        participants=[
            {"id": "ic-1", "roles": ["ic"]},
            {"id": "sme-1", "roles": ["sme"]},
            {"id": "comms-1", "roles": ["comms"]},
        ],
        inputs=[
            {"kind": "scenario", "path": "scenarios/vault/auth-503.yaml", "sha256": "", "text": SCENARIO},
            {"kind": "platform", "path": "scenarios/platform.yaml", "sha256": "", "text": PLATFORM},
            {"kind": "runbook", "path": RUNBOOK, "sha256": "", "text": "# Vault is sealed\n"},
        ],
    )


def begin(script: Script, crew: str) -> None:
    script.add(opened(crew), at=0.0)
    script.add(ev.StageEntered("steady"))
    for name, of, subject in PROBES:
        kind: str = of
        body = ev.ProbeDeclared(
            name,
            "component" if kind == "component" else "capability" if kind == "capability" else "team",
            subject,
            1.0,
        )
        script.add(body, actor=name, source="probe")
    script.turn("green", *(name for name, _, _ in PROBES))
    script.to(60.0)
    script.add(ev.StageEntered("respond"))
    script.add(ev.FaultIntended("sealed", "vault.seal", "vault", {}, {}, "vault", 10.0))
    script.add(ev.FaultInjected("sealed"), at=60.8)
    script.turn("red", "vault", "ship")
    script.add(ev.FaultEffective("sealed", "vault"))
    script.to(135.0)
    symptom = FreeText.of("[DRILL] VaultLoginFailing")
    script.add(ev.PageFired("p-1", "vault", symptom, "ic-1"), source="page")
    script.add(ev.PageDelivered("p-1", "ic-1", 1), source="page")
    script.to(171.0)
    script.add(ev.PageAcked("p-1", "ic-1"), actor="ic-1", source="page")


def mend(script: Script, at: float) -> None:
    script.to(at)
    script.run("sme-1", "bao status", "Sealed true", 2)
    script.run("sme-1", 'bao operator unseal "$(cat ~/unseal-keys/1)"', "Sealed false")
    script.turn("green", "vault", "ship")


def finish(script: Script, at: float) -> None:
    script.to(at)
    script.add(ev.DrillEnded("recovered"))
    script.add(ev.FaultHealed("sealed", "people"))
    script.add(ev.FaultProven("sealed", "vault"))
    script.add(ev.DrillClosed(len(script.events), script.events[-1].hash))


def by_the_book() -> list[Event]:
    script = Script()
    begin(script, "by-the-book")
    script.to(189.0)
    script.say(
        "ic-1", "INC-2026-04-26-001 acknowledged. Investigating VaultLoginFailing. Updates in this thread."
    )
    script.add(ev.ThreadPinned("m-1", "incident"), actor="ic-1", source="thread")
    for at, who, text in (
        (200, "ic-1", "I'm IC."),
        (224, "sme-1", "I'm the SME."),
        (238, "comms-1", "I'm comms."),
    ):
        script.to(at)
        script.say(who, text)
    script.to(255.0)
    script.add(ev.StatusPosted("investigating", FreeText.of("We look.")), actor="comms-1", source="thread")
    script.to(315.0)
    script.say("comms-1", "[15:35 UTC] STATUS UPDATE — INC-2026-04-26-001\nImpact: new deploys fail")
    script.to(420.0)
    script.say("payments", "[DRILL] Is it us?", "#payments", bot=True)
    mend(script, 752.0)
    script.to(814.0)
    script.say("sme-1", "Fixed: every probe is green again.")
    script.add(ev.StageEntered("observe"))
    script.to(2339.0)
    script.say("comms-1", "[16:08 UTC] STATUS UPDATE — INC-2026-04-26-001\nImpact: none")
    script.to(4482.0)
    script.say("ic-1", "All clear.")
    finish(script, 4505.0)
    return script.events


def silent() -> list[Event]:
    script = Script()
    begin(script, "silent")
    mend(script, 739.0)
    script.add(ev.StageEntered("observe"), at=860.0)
    for number in range(6):
        script.to(975.0 + 900 * number)
        script.say("orders", "[DRILL] What is going on?", "#orders", bot=True)
        script.say("search", "[DRILL] Any update?", "#search", bot=True)
    finish(script, 6139.0)
    return script.events


def metric(
    name: str, title: str, events: Sequence[Event], first: int, last: int | None, off: float = 0.0
) -> Metric:
    at = {event.seq: event.drill_s for event in events}
    if last is None:
        seconds = events[-1].drill_s - at[first]
        return Metric(name, title, seconds, None, off, first, None, "censored", "nobody wrote a word")
    return Metric(name, title, at[last] - at[first], None, off, first, last, "measured")


def finding(
    rule: str, verdict: str, severity: str = "major", dark: float | None = 0.0, line: int = 12
) -> Finding:
    failed = verdict == "fail"
    return Finding(
        f"F-{rule[:3]}",
        rule,
        "fail" if failed else "unknown" if verdict == "unknown" else "pass",
        "major" if severity == "major" else "minor",
        f"{rule[4:].replace('-', ' ').capitalize()} {'did not hold' if failed else 'held'}",
        "What was seen.",
        [14, 20],
        0.0,
        dark,
        Where(PROTOCOL, line),
        f"Change what {rule} says." if failed else "",
    )


def steps(commands: Sequence[int]) -> Iterator[StepLine]:
    yield StepLine("vault-sealed", "check-seal", "Is Vault sealed?", "done", RUNBOOK, 18, [commands[0]])
    yield StepLine(
        "vault-sealed", "check-workloads", "What is affected?", "skipped", RUNBOOK, 37, [], "no command"
    )
    yield StepLine("vault-sealed", "unseal", "Open it", "done", RUNBOOK, 50, [commands[1]], "", [7])


def judged(events: Sequence[Event], *, told: bool) -> Review:
    drill = Drill(None, events)  # type: ignore[arg-type]  # only its event numbers are asked for
    red, green = drill.seq("probe.changed", 3), drill.seq("probe.changed", -1)
    paged, acked = drill.seq("page.delivered"), drill.seq("page.acked")
    first_word = drill.seq("thread.posted") if told else None
    mutated = drill.seq("command.started", 1)
    metrics = [
        metric("TTA", "Time to acknowledge", events, paged, acked),
        metric("TTC", "Time to communicate", events, red, first_word, 0.8),
        metric("TTR", "Time to restore", events, red, green, 1.02),
        Metric("update adherence", "Update adherence", None, 0.987, 0.0, None, None, "measured")
        if told
        else Metric(
            "update adherence", "Update adherence", None, None, 0.0, None, None, "void", "no first message"
        ),
        Metric("comms debt", "Communication debt", 0.0, None, 0.0, mutated, None, "measured"),
    ]
    verdict = "pass" if told else "fail"
    findings = [
        finding("P05-acknowledgement-form", verdict, "minor", None, 13),
        finding("P04-acknowledge-in-time", verdict, dark=12.0),
        finding("P16-update-cadence", verdict, dark=69.4, line=51),
        finding("P09-roles-claimed", verdict, line=24),
        finding("P19-impact-true", "pass" if told else "unknown"),
        finding("P22-read-only-first", "pass"),
    ]
    spans = [
        Span("probe:vault", "503 Vault is sealed", 60.8, events[green - 1].drill_s, red, green - 1),
        Span("probe:ship", "503 Vault is sealed", 60.8, events[green - 1].drill_s, red + 1, green),
        Span("fault:sealed", "vault.seal on vault", 60.8, events[green - 1].drill_s, red - 1, green - 1),
    ]
    if told:
        spans += [
            Span(f"role:{role}", f"{role}-1", at, 4505.0, drill.seq("thread.posted", number), None)
            for number, (role, at) in enumerate((("ic", 200.0), ("sme", 224.0), ("comms", 238.0)), 1)
        ]
    jumps = [event.body for event in events if isinstance(event.body, ev.ClockJumped)]
    return Review(
        schema=1,
        rules=1,
        drill="INC-2026-04-26-001",
        scenario="scenarios/vault/auth-503.yaml",
        title="Vault answers 503 on its auth endpoints",
        outcome="passed" if told else "failed",
        clock={
            "mode": "jump",
            "pace": 1.0,
            "jumps": len(jumps),
            "jumped_s": sum(jump.to_s - jump.from_s for jump in jumps),
            "pauses": 0,
            "length_s": events[-1].drill_s,
        },
        headline=["TTC", "TTR", "TTA"],
        metrics=metrics,
        steps=list(steps([drill.seq("command.started"), mutated])),
        findings=findings,
        ratings=[
            Rating("Recover", "P", []),
            Rating("Communicate", "P" if told else "U", [] if told else ["TTC"]),
        ],
        gate=Gate("pass", [])
        if told
        else Gate("fail", ["P04-acknowledge-in-time failed: no", "TTX is 90 s"]),
        broken=[
            Broken("sealed", "vault.seal", "vault", "proven healed", 60.8, 930.0, "people", [red - 1, red]),
            Broken("late", "process.kill", "dns", "skipped", None, None, "", []),
        ],
        spans=spans,
    )


@pytest.fixture(scope="session")
def book() -> Drill:
    events = by_the_book()
    return Drill(judged(events, told=True), events)


@pytest.fixture(scope="session")
def mute() -> Drill:
    events = silent()
    return Drill(judged(events, told=False), events)


@pytest.fixture(scope="session")
def begun() -> Callable[[], Script]:
    """Makes a new record of a drill whose page was just acknowledged."""

    def make() -> Script:
        script = Script()
        begin(script, "any")
        return script

    return make


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</svg></style></title><b>",
    "{{ 7*7 }} {% raw %}",
    "| a | b |\n|---|---|\n# head",
    "[x](javascript:alert(1)) ![i](http://evil.test/x.png) <http://evil.test>",
    "\u202eright to left\u202c \u2066isolate",
    "\x1b[31mred\x1b[0m \x1b]8;;http://evil.test\x07link\x1b]8;;\x07 \x1b]0;never ended",
    "nul \x00 bell \x07 delete \x7f c1 \x9b31m",
    "half \ud83d and \udc00 a character, \ufffe \uffff",
    "]]> &amp; &#0; -->",
    "x" * 100_000,
    "line\n" * 5_000,
    "\r\nover\rwritten",
)
"""What people, terminals and servers may have written."""


@pytest.fixture(scope="session")
def hostile(mute: Drill) -> Drill:
    """The silent drill in which every text that comes from outside is one of these."""
    from dataclasses import replace

    script = Script()
    begin(script, HOSTILE[0])
    for text in HOSTILE:
        words = FreeText(text, "", "")
        script.events.append(
            replace(script.events[-1], seq=len(script.events) + 1, body=ev.ThreadPosted("m", text, words))
        )
        script.events.append(
            replace(
                script.events[-1],
                seq=len(script.events) + 1,
                actor=text,
                body=ev.CommandStarted(text, text, words),
            )
        )
        script.events.append(
            replace(
                script.events[-1],
                seq=len(script.events) + 1,
                body=ev.CommandFinished(text, text, 1, 0.1, words),
            )
        )
        script.events.append(
            replace(
                script.events[-1], seq=len(script.events) + 1, body=ev.ProbeChanged("vault", "red", text, 1.0)
            )
        )
        script.events.append(
            replace(script.events[-1], seq=len(script.events) + 1, body=ev.StatusPosted(text, words))
        )
    poisoned = [
        Finding(f"H{n}", f"P{n:02d}-x", "fail", "major", t, t, [1, 9999], None, 1.0, Where(t[:50], 1), t)
        for n, t in enumerate(HOSTILE)
    ]
    judged_ = replace(
        mute.review,
        title=HOSTILE[0],
        drill=HOSTILE[1],
        scenario=HOSTILE[2],
        findings=poisoned,
        metrics=[replace(one, title=HOSTILE[5], reason=HOSTILE[4]) for one in mute.review.metrics],
        ratings=[Rating(t, "U", [t]) for t in HOSTILE[:11]],
        steps=[StepLine(t, t, t, "failed", t, 1, [2], t) for t in HOSTILE[:11]],
        gate=Gate("fail", list(HOSTILE[:11])),
        broken=[Broken(t, t, t, "proven healed", 1.0, None, "people", [2, 9999]) for t in HOSTILE[:11]],
        spans=[Span("role:" + t, t, 1.0, 2.0, 1, None) for t in HOSTILE[:11]],
    )
    return Drill(judged_, script.events)

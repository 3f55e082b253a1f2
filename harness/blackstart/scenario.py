"""A story: which faults when, which injects, what counts as recovered. Reads `scenarios/<component>/<slug>.yaml`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field

from blackstart.protocol import METRICS
from blackstart.source import Duration, Flaw, Model, Place, did_you_mean, duplicates

__all__ = [
    "AbortWhen",
    "FaultSpec",
    "GateSpec",
    "Inject",
    "Limits",
    "Part",
    "Ramp",
    "Recovered",
    "Repeat",
    "Scenario",
    "StepLimit",
    "When",
]


class Repeat(Model):
    """A fault that comes again: `times` in all, one `every` so often, each `lasting` so long."""

    times: int = Field(ge=2)
    every: Duration
    lasting: Duration


class Ramp(Model):
    """A fault that grows: its parameters go from a part to the whole in `steps` equal steps `over` that time."""

    over: Duration
    steps: int = Field(default=4, ge=2, le=100)


class Part(Model):
    """What is broken: which fault, on what, with which parameters. `turns_red` is the probe that proves it.

    Without `turns_red` it is the probe that the fault itself names.
    """

    fault: str
    target: str
    params: dict[str, Any] = Field(default_factory=dict)
    turns_red: str | None = None


class FaultSpec(Part):
    """One fault in time. `at` counts from the start of the response. `lasts`: the harness heals it after that
    time, whoever did not. `chance`: the seed decides whether it happens at all.
    """

    id: str
    at: Duration = 0.0
    within: Duration | None = None
    lasts: Duration | None = None
    repeat: Repeat | None = None
    ramp: Ramp | None = None
    chance: float = Field(default=1.0, gt=0, le=1)

    def ends(self) -> float | None:
        """When the harness ends it, in seconds from the start of the response; None: with the drill."""
        if self.repeat:
            return self.last_turn() + self.repeat.lasting
        return None if self.lasts is None else self.at + self.lasts

    def last_turn(self) -> float:
        """When it is injected for the last time, in seconds from the start of the response."""
        return self.at + ((self.repeat.times - 1) * self.repeat.every if self.repeat else 0.0)

    def timing_flaws(self, place: Place) -> Iterator[Flaw]:
        """Times that contradict one another."""
        if self.repeat and self.lasts is not None:
            what = f'fault "{self.id}" has both repeat and lasts'
            yield Flaw((*place, "lasts"), what, "", "leave lasts out: repeat says how long each time lasts")
        if self.repeat and self.repeat.lasting >= self.repeat.every:
            seen = f"saw lasting {self.repeat.lasting:g} s, every {self.repeat.every:g} s"
            yield Flaw((*place, "repeat"), "each time must be over before the next", seen)
        if self.lasts == 0:
            yield Flaw((*place, "lasts"), "a fault must last", "saw 0", "write how long, such as 10m")
        if self.ramp and self.lasts is not None and self.ramp.over > self.lasts:
            seen = f"saw over {self.ramp.over:g} s, lasts {self.lasts:g} s"
            yield Flaw((*place, "ramp", "over"), "a fault must have grown before it is over", seen)
        if self.repeat and self.ramp:
            yield Flaw((*place, "ramp"), "a fault grows or repeats, not both", "", "leave one of them out")


class AbortWhen(Model):
    """A guard condition: the drill ends, healed, when this probe has been red for that long."""

    probe: str
    red_for: Duration


class When(Model):
    """A condition, exactly one of: `probe` red for `red_for`; `silence` of that length in the incident thread."""

    probe: str | None = None
    red_for: Duration | None = None
    silence: Duration | None = None


class Inject(Model):
    """One scripted message to participants. Exactly one of `at` (from the start of the response) and `when`.

    `sender` is a team or a system; `to` a channel ("#payments", "incident") or, for a page, "on-call".
    A `when: silence` inject is sent again at each further silence of that length.
    """

    id: str
    type: Literal["page", "report", "question", "news"]
    at: Duration | None = None
    when: When | None = None
    sender: str = Field(alias="from")
    to: str
    text: str


class Recovered(Model):
    """What counts as recovered: these probes green (all, when empty), for that long."""

    probes: list[str] = Field(default_factory=list)
    sustained: Duration | None = None


class Limits(Model):
    """How long people have, in drill time, before the drill ends on its own."""

    respond: Duration = 5400.0
    observe: Duration = 7200.0


class StepLimit(Model):
    """A runbook step that this story expects, cited by id, and how soon after the first page."""

    step: str
    within: Duration | None = None


class GateSpec(Model):
    """When the drill passes: no failed finding of this severity or worse, and each named metric at most this long."""

    no_finding: Literal["info", "minor", "major"] = "minor"
    metrics: dict[str, Duration] = Field(default_factory=dict)


class Scenario(Model):
    """The story. `story` is the truth and is for the facilitator; `brief` is what people are told beforehand."""

    kind: Literal["scenario"]
    title: str
    story: str
    brief: str
    protocol: str
    runbook: str
    blocks: list[str]
    steady: Duration = 60.0
    faults: list[FaultSpec]
    injects: list[Inject]
    expects: list[StepLimit] = Field(default_factory=list)
    recovered: Recovered = Recovered()
    clean_window: Duration | None = None
    limits: Limits = Limits()
    abort_when: list[AbortWhen] = Field(default_factory=list)
    gate: GateSpec = GateSpec()

    def flaws(self) -> Iterator[Flaw]:
        """What needs no other file to be seen wrong."""
        yield from duplicates("faults", (fault.id for fault in self.faults))
        yield from duplicates("injects", (inject.id for inject in self.injects))
        yield from duplicates("expects", (expected.step for expected in self.expects), "step")
        for index, fault in enumerate(self.faults):
            yield from fault.timing_flaws(("faults", index))
            yield from self._too_late(fault, ("faults", index))
        yield from self._limit_flaws()
        for index, inject in enumerate(self.injects):
            yield from _inject_flaws(inject, ("injects", index))
        for name in self.gate.metrics:
            if name not in METRICS:
                hint = did_you_mean(name, METRICS)
                yield Flaw(("gate", "metrics", name), f'no metric is called "{name}"', "", hint)

    def _too_late(self, fault: FaultSpec, place: Place) -> Iterator[Flaw]:
        respond_s = self.limits.respond
        if fault.at >= respond_s > 0:
            what = f'fault "{fault.id}" would never be injected: the response is over before'
            yield Flaw((*place, "at"), what, f"saw {fault.at:g} s; limits.respond is {respond_s:g} s")
        elif fault.last_turn() >= respond_s > 0:
            what = (
                f'fault "{fault.id}" would not be injected as often as it says: the response is over before'
            )
            seen = f"saw the last time at {fault.last_turn():g} s; limits.respond is {respond_s:g} s"
            yield Flaw(
                (*place, "repeat"), what, seen, "repeat it less often, or let people respond for longer"
            )

    def _limit_flaws(self) -> Iterator[Flaw]:
        if self.limits.respond == 0:
            yield Flaw(
                ("limits", "respond"), "people need time to respond", "saw 0", "write how long, such as 90m"
            )
        window = self.clean_window
        if window is not None and self.limits.observe < window:
            seen = f"saw {self.limits.observe:g} s; the clean window is {window:g} s"
            yield Flaw(("limits", "observe"), "no clean window fits into the observation", seen)


def _inject_flaws(inject: Inject, place: Place) -> Iterator[Flaw]:
    if (inject.at is None) == (inject.when is None):
        seen = "saw both" if inject.when else "saw neither"
        yield Flaw(place, f'inject "{inject.id}" needs exactly one of at and when', seen)
    if inject.when:
        yield from _when_flaws(inject.when, (*place, "when"))
    if inject.type == "page":
        if inject.to != "on-call":
            yield Flaw((*place, "to"), "a page goes to on-call", f'saw "{inject.to}"', "write to: on-call")
        if not (inject.when and inject.when.probe):
            yield Flaw(
                place,
                f'page "{inject.id}" needs the probe it watches',
                "",
                "write when: {probe: ..., red_for: 1m}",
            )
    elif not (inject.to == "incident" or inject.to[:1] in ("#", "@")):
        hint = did_you_mean(f"#{inject.to}", [f"#{inject.to}", "incident"])
        yield Flaw(
            (*place, "to"), "a message goes to incident, #channel or @person", f'saw "{inject.to}"', hint
        )


def _when_flaws(when: When, place: Place) -> Iterator[Flaw]:
    if (when.probe is None) == (when.silence is None):
        yield Flaw(place, "when needs exactly one of probe (with red_for) and silence")
    if (when.probe is None) != (when.red_for is None):
        yield Flaw(place, "probe and red_for belong together", "", "write {probe: ..., red_for: 1m}")
    if when.silence == 0:
        yield Flaw((*place, "silence"), "silence must last", "saw 0", "write how long, such as 15m")

"""A story: which faults when, which injects, what counts as recovered. Reads `scenarios/<component>/<slug>.yaml`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from blackstart.source import Duration, Model

__all__ = ["FaultSpec", "GateSpec", "Inject", "Limits", "Recovered", "Scenario", "StepLimit", "When"]


class FaultSpec(Model):
    """One fault in time. `at` counts from the start of the response; `turns_red` is the probe that proves it."""

    id: str
    fault: str
    target: str
    at: Duration = 0.0
    turns_red: str
    within: Duration | None = None
    params: dict[str, Any] = Field(default_factory=dict)


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
    gate: GateSpec = GateSpec()

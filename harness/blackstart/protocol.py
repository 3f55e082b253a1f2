"""An organisation's response rules as data: reads `scenarios/protocols/<name>.yaml`.

Defaults are those of the playbook; the row of the notes that each comes from stands beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal

from pydantic import Field

from blackstart.source import Duration, Flaw, Model, Place, did_you_mean, placeholder_flaws

__all__ = [
    "METRICS",
    "Acknowledgement",
    "Claims",
    "Diagnosis",
    "Protocol",
    "Roles",
    "StatusPage",
    "Thread",
    "Trigger",
    "Updates",
]

METRICS = (
    "TTD",
    "TTN",
    "TTA",
    "TTRoles",
    "TTE",
    "TTC",
    "TTScope",
    "TTM",
    "TTR",
    "update adherence",
    "silence",
    "comms debt",
    "claim error",
    "observation window",
)
"""The metrics by name, as the notes define them (drills.md, 6.2). A gate or a headline names one of these."""

FORMS = {
    "acknowledgement": frozenset({"incident_id", "symptom"}),
    "updates": frozenset({"incident_id", "time"}),
}
"""The placeholders that each form may have."""


class Acknowledgement(Model):
    """P04 to P06: the first message of an incident."""

    within: Duration = 300.0
    form: str = "{incident_id} acknowledged. Investigating {symptom}. Updates in this thread."
    pin_within: Duration = 60.0
    page_within: Duration = 300.0
    """How long a page waits for its acknowledgement before it escalates (T03)."""


class Thread(Model):
    """P07, P08: one canonical thread."""

    name: str = "incident"
    single_ratio: float = Field(default=0.9, ge=0, le=1)
    redirect_within: Duration = 120.0
    second_from: int = Field(default=3, ge=1)
    """P08: this many messages about the incident make a place elsewhere a second thread."""


class Trigger(Model):
    """P10: when an incident is no longer small."""

    longer_than: Duration = 1800.0
    more_teams_than: int = 2


class Roles(Model):
    """P09 to P11, P30: who must be named, and by when."""

    within: Duration = 300.0
    always: list[str] = ["ic"]
    all: list[str] = ["ic", "sme", "comms"]
    trigger: Trigger = Trigger()
    separate: list[tuple[str, str]] = [("ic", "sme")]
    directs: int = Field(default=2, ge=1)
    """P11: who directs this many people without a claim is an implicit commander."""
    claims: dict[str, list[str]] = Field(default_factory=dict)
    """Per role, the regular expressions (case ignored) that count as a claim in plain words: "I'm IC"."""


class Updates(Model):
    """P16 to P21: how often, in which form, and how true."""

    every: Duration = 900.0
    observing_every: Duration = 1800.0
    grace: Duration = 60.0
    form: str = "[{time} UTC] STATUS UPDATE — {incident_id}"
    fields: list[str] = ["Symptom", "Impact", "Investigation", "Next update"]
    stamp_within: Duration = 60.0
    state_change_within: Duration = 300.0
    state_change_lasts: Duration = 120.0
    longest_silence: Duration = 900.0
    scope_share: float = Field(default=0.8, ge=0, le=1)
    """TTScope: the share of probes whose state the impact must have right."""
    asks_per: Duration = 600.0
    """P12: interruptions of the expert are counted in stretches of this length."""


class Diagnosis(Model):
    """P22: read before you write."""

    read_only_first: bool = True
    evidence_within: Duration = 600.0
    harm_within: Duration = 300.0


class StatusPage(Model):
    """P25: one entry a phase."""

    phases: list[str] = ["investigating", "identified", "monitoring", "resolved"]


class Claims(Model):
    """Regular expressions (case ignored) for what a message claims in plain words."""

    fixed: list[str] = Field(default_factory=list)
    all_clear: list[str] = Field(default_factory=list)


class Protocol(Model):
    """The whole set; another organisation replaces the file, not code."""

    kind: Literal["protocol"]
    title: str
    incident_id: str = r"INC-\d{4}-\d\d-\d\d-\d{3,}"
    acknowledgement: Acknowledgement = Acknowledgement()
    thread: Thread = Thread()
    roles: Roles = Roles()
    updates: Updates = Updates()
    diagnosis: Diagnosis = Diagnosis()
    clean_window: Duration = 3600.0
    sustained: Duration = 120.0
    """P23: the clean window before the all-clear; TTM: how long a recovery must last to be more than a flap."""
    status_page: StatusPage = StatusPage()
    claims: Claims = Claims()
    headline: list[str] = ["TTC", "TTR", "TTA"]

    def flaws(self) -> Iterator[Flaw]:
        """Patterns that do not compile, placeholders nobody fills, roles and metrics that do not exist."""
        yield from _pattern_flaws(("incident_id",), self.incident_id)
        for name, patterns in (("fixed", self.claims.fixed), ("all_clear", self.claims.all_clear)):
            yield from _patterns_flaws(("claims", name), patterns)
        for form, text in (("acknowledgement", self.acknowledgement.form), ("updates", self.updates.form)):
            yield from placeholder_flaws((form, "form"), text, FORMS[form])
        yield from self._role_flaws()
        for index, name in enumerate(self.headline):
            if name not in METRICS:
                hint = did_you_mean(name, METRICS)
                yield Flaw(("headline", index), f'no metric is called "{name}"', "", hint)

    def _role_flaws(self) -> Iterator[Flaw]:
        roles = self.roles
        named: list[tuple[Place, str]] = [
            (("roles", "always", i), role) for i, role in enumerate(roles.always)
        ]
        named += [
            (("roles", "separate", i, j), role)
            for i, pair in enumerate(roles.separate)
            for j, role in enumerate(pair)
        ]
        named += [(("roles", "claims", role), role) for role in roles.claims]
        for place, role in named:
            if role not in roles.all:
                yield Flaw(place, f'no role is called "{role}"', "", did_you_mean(role, roles.all))
        for index, role in enumerate(roles.all):
            if not roles.claims.get(role):
                hint = f"add patterns under roles.claims.{role}"
                yield Flaw(("roles", "all", index), f'nobody can claim the role "{role}"', "", hint)
        for role, patterns in roles.claims.items():
            yield from _patterns_flaws(("roles", "claims", role), patterns)


def _patterns_flaws(place: Place, patterns: Iterable[str]) -> Iterator[Flaw]:
    for index, pattern in enumerate(patterns):
        yield from _pattern_flaws((*place, index), pattern)


def _pattern_flaws(place: Place, pattern: str) -> Iterator[Flaw]:
    try:
        re.compile(pattern, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        yield Flaw(place, f"not a regular expression: {error}", f"saw {pattern!r}")

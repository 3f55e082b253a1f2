"""An organisation's response rules as data: reads `scenarios/protocols/<name>.yaml`.

Defaults are those of the playbook; the row of the notes that each comes from stands beside it.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from blackstart.source import Duration, Model

__all__ = ["Acknowledgement", "Claims", "Diagnosis", "Protocol", "Roles", "StatusPage", "Thread", "Updates"]


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
    single_ratio: float = 0.9
    redirect_within: Duration = 120.0


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
    scope_share: float = 0.8
    """TTScope: the share of probes whose state the impact must have right."""


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

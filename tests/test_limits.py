"""Two faults that fight, and what a plan allows."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import pytest

from blackstart.check import check
from blackstart.limits import fights, outside, overlap
from blackstart.plan import Hours
from blackstart.scenario import FaultSpec
from blackstart.testing import IdleFault

ROOT = Path(__file__).parents[1]


def spec(at: str, lasts: str | None = None, repeat: str = "") -> FaultSpec:
    read = {"id": f"at-{at}", "fault": "x", "target": "vault", "at": at, "lasts": lasts}
    again = {"times": 3, "every": "5m", "lasting": repeat}
    return FaultSpec.model_validate(read | ({"repeat": again} if repeat else {}))


@pytest.mark.parametrize(
    ("one", "other", "over"),
    [
        ({"vault"}, {"vault"}, "vault"),
        ({"vault"}, {"vault/seal"}, "vault/seal"),
        ({"vault/seal"}, {"vault/policies"}, ""),
        ({"vault"}, {"vaults"}, ""),
        ({"dns", "vault/a"}, {"vault"}, "vault/a"),
        (set(), {"vault"}, ""),
    ],
)
def test_they_fight_over_what_is_the_same_or_within(one: set[str], other: set[str], over: str) -> None:
    assert fights(frozenset(one), frozenset(other)) == over
    assert fights(frozenset(other), frozenset(one)) == over


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (spec("0s"), spec("10m"), True),
        (spec("0s", lasts="10m"), spec("10m"), False),
        (spec("0s", lasts="601s"), spec("10m"), True),
        (spec("0s", repeat="1m"), spec("11m"), False),
        (spec("0s", repeat="1m"), spec("659s"), True),
    ],
)
def test_both_at_once(one: FaultSpec, other: FaultSpec, both: bool) -> None:
    assert overlap(one, other) is both
    assert overlap(other, one) is both


class Here(IdleFault):
    """Holds its own place, and is seen by the probe of its target."""

    holds: ClassVar[tuple[str, ...]] = ("{target}/{place}",)
    place: str = "a"


class Elsewhere(Here):
    turns_red: ClassVar[str] = "ship"


SECOND = """\
  - id: second
    fault: other.fault
    target: vault
    at: 10m
"""


def told(root: Path, second: str = SECOND, first: str = "") -> list[str]:
    """What `check` says of the shipped scenario with a second fault."""
    text = (ROOT / "scenarios/vault/auth-503.yaml").read_text()
    text = text.replace("    within: 10s\n", f"    within: 10s\n{first}{second}")
    path = root / "scenarios" / "vault" / "two.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    faults = {"vault.seal": Here, "other.fault": Here, "elsewhere": Elsewhere}
    return [f"{p.what}; {p.seen}; {p.hint}" for p in check([path], root=root, faults=faults).problems]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    scenarios = tmp_path / "scenarios"
    scenarios.mkdir()
    for name in ("protocols", "runbooks", "platform.yaml", "crews"):
        (scenarios / name).symlink_to(ROOT / "scenarios" / name)
    return tmp_path


def test_two_that_fight_are_refused(root: Path) -> None:
    assert told(root) == [
        'the faults "sealed" and "second" fight over vault/a; both may be there at once; '
        'let "sealed" end before the other begins (lasts: ...)'
    ]


def test_one_that_is_over_fights_nobody(root: Path) -> None:
    assert told(root, first="    lasts: 10m\n") == []


def test_two_that_one_probe_is_to_show_are_refused(root: Path) -> None:
    (problem,) = told(root, SECOND + "    params: {place: b}\n")
    assert problem.startswith(
        'the faults "sealed" and "second" are both to be seen by the probe vault; the second'
    )
    assert told(root, SECOND.replace("other.fault", "elsewhere") + "    params: {place: b}\n") == []
    assert told(root, SECOND + "    params: {place: b}\n    turns_red: ship\n") == []


PLAN = """\
kind: plan
title: A careful plan
limits: {limits}
drills:
  - scenario: vault/two
"""


@pytest.mark.parametrize(
    ("limits", "problem"),
    [
        ("{at_once: 2, never: [dns]}", ""),
        ("{at_once: 1}", "2 faults may be active at once, and the plan allows 1"),
        ("{never: [vault]}", 'the fault "sealed" is aimed at vault, which the plan never lets be broken'),
        (
            "{lasting: 2h}",
            'the fault "sealed" may last 3h30m, and the plan allows 2h: write lasts: 2h in the scenario',
        ),
        ("{never: [valt]}", '"valt" is not on the map in scenarios/platform.yaml'),
    ],
)
def test_a_plan_refuses_what_goes_beyond_its_limits(root: Path, limits: str, problem: str) -> None:
    assert told(root, SECOND.replace("other.fault", "elsewhere") + "    params: {place: b}\n") == []
    (root / "drills").mkdir()
    plan = root / "drills" / "careful.yaml"
    plan.write_text(PLAN.format(limits=limits))
    faults = {"vault.seal": Here, "elsewhere": Elsewhere}
    found = [p.what for p in check([plan], root=root, faults=faults).problems]
    assert (problem in found) if problem else (found == [])


NINE_TO_FIVE = Hours(zone="Europe/Berlin")


@pytest.mark.parametrize(
    ("now", "allowed"),
    [
        (datetime(2026, 4, 27, 7, 0, tzinfo=UTC), True),  # Monday, 09:00 in Berlin's summer
        (datetime(2026, 4, 27, 6, 59, tzinfo=UTC), False),
        (datetime(2026, 4, 27, 14, 59, tzinfo=UTC), True),
        (datetime(2026, 4, 27, 15, 0, tzinfo=UTC), False),
        (datetime(2026, 4, 26, 10, 0, tzinfo=UTC), False),  # Sunday
        (datetime(2026, 1, 12, 8, 0, tzinfo=UTC), True),  # Monday, 09:00 in winter
    ],
)
def test_hours_are_those_of_the_place(now: datetime, allowed: bool) -> None:
    assert (outside(NINE_TO_FIVE, now) == "") is allowed


def test_outside_the_hours_it_says_what_time_it_is_there() -> None:
    assert outside(NINE_TO_FIVE, datetime(2026, 4, 27, 18, 30, tzinfo=UTC)) == (
        "the plan's drills begin mon, tue, wed, thu, fri from 09:00 to 17:00 (Europe/Berlin), "
        "and there it is mon 20:30"
    )


COMPOSED = """\
  - id: second
    fault: compose
    target: payments
    lasts: 10m
    params:
      parts:
"""


def parts(root: Path, *lines: str) -> list[str]:
    """What `check` says of a fault with these parts, beside another that is over before."""
    text = (ROOT / "scenarios/vault/auth-503.yaml").read_text()
    second = COMPOSED.replace("10m", "10m\n    at: 30m") + "".join(
        f"        - {{{line}}}\n" for line in lines
    )
    path = root / "scenarios" / "vault" / "two.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text.replace("    within: 10s\n", f"    within: 10s\n    lasts: 10m\n{second}"))
    return [f"{p.line}: {p.what}; {p.seen}; {p.hint}" for p in check([path], root=root).problems]


KILL_DNS = "fault: process.kill, target: dns"
QUOTA = "fault: registry.quota, target: registry"


def test_parts_that_are_right_are_not_told(root: Path) -> None:
    assert parts(root, KILL_DNS, QUOTA) == []


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ("fault: dns.nope, target: dns", 'no fault is called "dns.nope"'),
        (
            "fault: vault.seal, target: registry",
            "vault.seal cannot break registry, which is of the kind registry",
        ),
        ("fault: process.kill, target: nobody", '"nobody" is not on the map in scenarios/platform.yaml'),
        (
            "fault: process.kill, target: vault, turns_red: eye",
            'no probe is called "eye" in scenarios/platform.yaml',
        ),
        (
            "fault: network.latency, target: vault, params: {latency: 5}",
            "network.latency, parameter latency: a duration",
        ),
        (f"{KILL_DNS}, turns_red: ship", 'two parts of the fault "second" fight over dns'),
        ("fault: process.kill, target: vault, turns_red: dns", "are both to be seen by the probe dns"),
    ],
)
def test_each_part_is_checked_as_a_fault_is(root: Path, wrong: str, problem: str) -> None:
    (told,) = parts(root, KILL_DNS, wrong)
    assert problem in told


@pytest.mark.parametrize(
    ("limits", "problem"),
    [
        ("{at_once: 2, never: [vault]}", ""),
        ("{at_once: 1}", "2 faults may be active at once, and the plan allows 1"),
        (
            "{never: [registry]}",
            'the fault "second" is aimed at registry, which the plan never lets be broken',
        ),
    ],
)
def test_a_plans_limits_are_for_parts_too(root: Path, limits: str, problem: str) -> None:
    parts(root, KILL_DNS, QUOTA)
    story = root / "scenarios" / "vault" / "two.yaml"
    sealed = story.read_text()
    begin, end = sealed.index("  - id: sealed"), sealed.index("  - id: second")
    story.write_text(sealed[:begin] + sealed[end:])
    (root / "drills").mkdir()
    plan = root / "drills" / "careful.yaml"
    plan.write_text(PLAN.format(limits=limits))
    found = [p.what for p in check([plan], root=root).problems]
    assert found == ([problem] if problem else [])

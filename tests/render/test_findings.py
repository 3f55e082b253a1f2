from __future__ import annotations

from dataclasses import replace

from blackstart.render.findings import changes, findings
from blackstart.review.model import Finding, Where


def found(rule: str, **over: object) -> Finding:
    base = Finding(rule, rule, "fail", "minor", rule, "", [1], 0.0, 0.0, Where("f.yaml", 3), f"do {rule}")
    return replace(base, **over)  # type: ignore[arg-type]  # each test names real fields


def rules(*given: Finding) -> list[str]:
    return [one.rule for one in findings(given).all]


def test_failed_first_then_unknown_then_passed() -> None:
    given = (found("a", verdict="pass"), found("b", verdict="unknown"), found("c"))
    assert rules(*given) == ["c", "b", "a"]


def test_worst_first_then_costliest() -> None:
    given = (
        found("a", minutes_in_the_dark=50.0),
        found("b", severity="major"),
        found("c", minutes_to_recovery=60.0),
    )
    assert rules(*given) == ["b", "c", "a"]


def test_the_sentence_counts_every_verdict() -> None:
    assert findings([]).sentence == "No rule was applied."
    assert (
        findings([found("a"), found("b", verdict="unknown")]).sentence
        == "1 finding failed, 1 unknown, 0 passed"
    )
    assert findings([found("a", verdict="pass")]).sentence == "No findings failed, 1 passed"


def test_costs_in_words_and_what_is_unknown_is_no_cost() -> None:
    both = findings([found("a", minutes_to_recovery=3.0, minutes_in_the_dark=0.5)]).failed[0]
    assert both.cost == "3 min added to recovery, under 1 min in the dark"
    unproven = findings([found("a", minutes_to_recovery=None)]).failed[0]
    assert (unproven.cost, unproven.recovery) == ("", "unknown")


def test_at_most_three_changes_of_the_costliest_failed_findings_each_once() -> None:
    given = [
        found("a", minutes_in_the_dark=5.0),
        found("b", minutes_in_the_dark=50.0),
        found("c", minutes_in_the_dark=40.0, proposal="do b"),
        found("d", verdict="unknown", minutes_in_the_dark=90.0),
        found("e", severity="major", proposal=""),
        found("f", severity="major"),
        found("g"),
    ]
    picked = changes(given, findings(given).failed)
    assert [one.rule for one in picked] == ["b", "a", "f"]


def test_currencies_are_never_added_up() -> None:
    given = [
        found("a", minutes_in_the_dark=6.0, minutes_to_recovery=6.0),
        found("b", minutes_in_the_dark=10.0),
    ]
    assert rules(*given) == ["b", "a"]

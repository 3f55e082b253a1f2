"""Every rule, and the one place that runs them. A rule that crashes is unknown, never pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blackstart.review.findings import beginning, fixing, thread, updates
from blackstart.review.model import Finding

if TYPE_CHECKING:
    from blackstart.review.findings.base import Case, Rule

__all__ = ["ALL", "judge"]

ALL: tuple[Rule, ...] = (*beginning.RULES, *thread.RULES, *updates.RULES, *fixing.RULES)


def judge(case: Case, rules: tuple[Rule, ...] = ALL) -> list[Finding]:
    """Every rule's finding, in order; a rule that has nothing to judge gives none."""
    return [finding for rule in rules if (finding := _safely(rule, case)) is not None]


def _safely(rule: Rule, case: Case) -> Finding | None:
    try:
        return rule(case)
    except (
        Exception
    ) as error:  # whatever a rule raises, the others are still judged, and this one is not "pass"
        name = f"{rule.__module__.rsplit('.', 1)[-1]}.{rule.__name__}"
        why = f"the rule crashed: {type(error).__name__}: {error}"
        return Finding(
            name, name, "unknown", "major", "This rule could not be judged", why, [], None, None, None, ""
        )

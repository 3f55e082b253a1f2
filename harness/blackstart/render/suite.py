"""JUnit XML, for CI: what a machine that only knows test results should show of a drill."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from blackstart.render.clean import clean
from blackstart.render.model import View, view
from blackstart.render.picture.canvas import element

if TYPE_CHECKING:
    from blackstart.render.figures import Figure
    from blackstart.render.findings import FoundView
    from blackstart.review.model import Review

__all__ = ["suite"]


@dataclass(frozen=True, slots=True)
class _Case:
    name: str
    result: Literal["pass", "failure", "error"]
    message: str = ""
    text: str = ""


def suite(review: Review) -> str:
    """One suite: the drill itself, its gate, then each rule once.

    A rule that is unknown, and a drill that cannot be judged, are errors, so that nobody reads them as passed.
    """
    said = view(review)
    cases = [_outcome(review, said), _gate(review, said), *_rules(said.findings.all)]
    name = f"blackstart.{said.slug.replace('/', '.')}"
    body = _properties(said) + "".join(_case(case, name) for case in cases)
    counts = {
        "tests": len(cases),
        "failures": sum(case.result == "failure" for case in cases),
        "errors": sum(case.result == "error" for case in cases),
        "skipped": 0,
    }
    inner = element("testsuite", body, name=name, **counts)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{element("testsuites", inner, name="blackstart", **counts)}\n'


def _outcome(review: Review, said: View) -> _Case:
    """Whether there is a drill to judge: it ran to its end, and what it broke is whole again."""
    if review.outcome == "passed" or (review.outcome == "failed" and review.gate.verdict != "pass"):
        return _Case("drill", "pass")
    return _Case("drill", "error", said.verdict, "\n".join([said.outcome_means, *said.reasons]))


def _gate(review: Review, said: View) -> _Case:
    text = "\n".join(said.reasons) or said.outcome_means
    if review.gate.verdict == "fail":
        return _Case("gate", "failure", said.reasons[0] if said.reasons else said.outcome_means, text)
    if review.gate.verdict == "unknown":
        return _Case("gate", "error", "the gate could not be judged in full", text)
    return _Case("gate", "pass")


def _rules(findings: Sequence[FoundView]) -> Iterator[_Case]:
    """One case a rule, however often it was broken: the worst verdict decides."""
    by_rule: dict[str, list[FoundView]] = {}
    for one in findings:
        by_rule.setdefault(one.rule, []).append(one)
    for rule, found in by_rule.items():
        bad = [one for one in found if one.verdict == "fail"]
        unsure = [one for one in found if one.verdict == "unknown"]
        if bad:
            yield _Case(rule, "failure", bad[0].title, "\n\n".join(_told(one) for one in [*bad, *unsure]))
        elif unsure:
            yield _Case(
                rule, "error", f"unknown: {unsure[0].title}", "\n\n".join(_told(one) for one in unsure)
            )
        else:
            yield _Case(rule, "pass")


def _told(one: FoundView) -> str:
    lines = [
        f"{one.severity}: {one.title}",
        one.detail,
        one.cost,
        f"where: {one.where}" if one.where else "",
        f"evidence: events {', '.join(map(str, one.evidence))}" if one.evidence else "",
        f"proposal: {one.proposal}" if one.proposal else "",
    ]
    return "\n".join(line for line in lines if line)


def _properties(said: View) -> str:
    facts = {"drill": said.drill, "title": said.title, "outcome": said.outcome, "clock": " ".join(said.clock)}
    facts |= {figure.name: _figure(figure) for figure in said.headline}
    inside = "".join(element("property", name=name, value=value) for name, value in facts.items())
    return element("properties", inside)


def _figure(figure: Figure) -> str:
    return f"{figure.text} ({figure.status})"


def _case(case: _Case, classname: str) -> str:
    inside = ""
    if case.result != "pass":
        message = " ".join(clean(case.message).split())
        inside = element(
            case.result, _escaped(case.text) or _escaped(message), message=message, type=case.name
        )
    return element("testcase", inside, name=case.name, classname=classname)


def _escaped(text: str) -> str:
    from html import escape

    return escape(clean(text), quote=False)

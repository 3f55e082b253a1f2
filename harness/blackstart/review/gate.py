"""The scenario's gate: which findings and which timings let a drill pass. Unknown is never pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blackstart.review.model import Finding, Gate, Metric

if TYPE_CHECKING:
    from blackstart.scenario import GateSpec

__all__ = ["judge_gate"]

_RANK = {"info": 0, "minor": 1, "major": 2}


def judge_gate(spec: GateSpec, findings: list[Finding], metrics: list[Metric]) -> Gate:
    """Every condition; failed ones before unknown ones."""
    failed = [
        f"{f.rule} failed: {f.title}"
        for f in findings
        if f.verdict == "fail" and _RANK[f.severity] >= _RANK[spec.no_finding]
    ]
    unknown = [f"{f.rule} is unknown: {f.detail}" for f in findings if f.verdict == "unknown"]
    by_name = {metric.name: metric for metric in metrics}
    for name, limit in spec.metrics.items():
        metric = by_name.get(name)
        if metric is None or metric.status == "void" or metric.seconds is None:
            unknown.append(f"{name} was not measured{': ' + metric.reason if metric else ''}")
        elif metric.seconds > limit:
            failed.append(f"{name} is {metric.seconds:.0f} s, at most {limit:.0f} s are allowed")
        elif metric.status == "censored":
            unknown.append(f"{name} was not over at the end: {metric.reason}")
    if failed:
        return Gate("fail", failed + unknown)
    return Gate("unknown", unknown) if unknown else Gate("pass", [])

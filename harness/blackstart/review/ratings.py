"""P, S, M or U for each capability, never above what the findings support (the field's exercise ratings)."""

from __future__ import annotations

from typing import Literal

from blackstart.review.model import Finding, Metric, Rating

__all__ = ["rate"]

_RULES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    # capability: the rows of its rules, and the timings without which it was not performed at all
    "Detect": ((), ("TTD", "TTN")),
    "Acknowledge": (("T03", "P04", "P05", "P06", "P09", "P10"), ("TTA",)),
    "Communicate": (("P07", "P16", "P17", "P18", "P19", "P20", "P21", "P25", "P26", "P29"), ("TTC",)),
    "Diagnose": (("P22-read-only-first",), ("TTE",)),
    "Recover": (("P22-self-inflicted-harm", "P30", "P36"), ("TTR",)),
    "Close": (("P23",), ("observation window",)),
}


def rate(findings: list[Finding], metrics: list[Metric]) -> list[Rating]:
    """U: not performed. M: performed, with a major finding. S: with a lesser one, or one unknown. P: without."""
    by_name = {metric.name: metric for metric in metrics}
    return [_one(name, rows, needs, findings, by_name) for name, (rows, needs) in _RULES.items()]


def _one(
    name: str,
    rows: tuple[str, ...],
    needs: tuple[str, ...],
    findings: list[Finding],
    metrics: dict[str, Metric],
) -> Rating:
    undone = [need for need in needs if metrics[need].status != "measured"]
    if undone:
        return Rating(name, "U", undone)
    own = [f for f in findings if any(f.rule.startswith(row) for row in rows) and f.verdict != "pass"]
    letter: Literal["P", "S", "M"] = "P"
    if own:
        letter = "M" if any(f.verdict == "fail" and f.severity == "major" for f in own) else "S"
    return Rating(name, letter, [f.rule for f in own])

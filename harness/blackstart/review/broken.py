"""What was broken, from when to when, and who ended it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from blackstart.review.model import Broken

if TYPE_CHECKING:
    from blackstart.chain import Event
    from blackstart.review.facts import Facts
    from blackstart.review.timeline import FaultFact

__all__ = ["broken_of", "end_of"]

State = Literal["proven healed", "not proven healed", "no effect", "not injected"]


def broken_of(facts: Facts) -> list[Broken]:
    """Every fault that the drill meant to inject, in the order of its intents; those that chance spared come last."""
    intended = [_broken(facts, fault) for fault in facts.line.faults.values()]
    spared = [spec for spec in facts.inputs.scenario.faults if spec.id in facts.line.skipped]
    return intended + [
        Broken(spec.id, spec.fault, spec.target, "skipped", None, None, "", []) for spec in spared
    ]


def _broken(facts: Facts, fault: FaultFact) -> Broken:
    end = end_of(facts, fault)
    known = [fault.injected, fault.effective, end, fault.proven]
    return Broken(
        fault=fault.body.fault,
        type=fault.body.type,
        target=fault.body.target,
        state=_state(fault),
        injected_s=round(fault.injected.drill_s, 3) if fault.injected else None,
        over_s=round(end.drill_s, 3) if end else None,
        over_by=fault.healed_by,
        events=sorted({event.seq for event in known if event}),
    )


def _state(fault: FaultFact) -> State:
    if fault.ineffective:
        return "no effect"
    if fault.injected is None:
        return "not injected"
    return "proven healed" if fault.proven else "not proven healed"


def end_of(facts: Facts, fault: FaultFact) -> Event | None:
    """Where people undid it, its probe's last way back to green; else where the harness undid it."""
    if fault.healed_by == "people" and fault.injected:
        greens = [
            span.end.event
            for span in facts.health.spans(fault.body.probe)
            if span.state == "red"
            and span.end
            and fault.injected.seq < span.end.event.seq < facts.line.until_seq
        ]
        if greens:
            return greens[-1]
    return fault.healed

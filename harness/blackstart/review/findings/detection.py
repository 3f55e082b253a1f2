"""Whether the platform's own monitoring saw what broke (T03)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blackstart.review.findings.base import Draft, failed, rule
from blackstart.review.spell import listed, spell

if TYPE_CHECKING:
    from blackstart.review.facts import Facts


@rule(
    "T03-monitoring-pages",
    "Monitoring pages about what breaks",
    "major",
    "Give the symptom an alert, or look why its alert was not sent: its rule, its labels, its route to the pager.",
    reads="",
    provable=False,
)
def monitoring_pages(facts: Facts) -> Draft | None:
    """T03, where the replica monitors itself. An alert that was sent needs no finding: its page says from whom it is."""
    missing = facts.line.missing
    if not missing:
        return None
    probes = listed(sorted({body.probe for _, body in missing}))
    waited = spell(max(body.waited_s for _, body in missing))
    return failed(
        f"Monitoring sent no alert of {probes}, not even {waited} after the page was due: nobody was paged.",
        [event for event, _ in missing],
        facts.inputs.inject(missing[0][1].inject),
    )

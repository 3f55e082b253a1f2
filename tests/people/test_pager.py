"""The pager: tiers, deadlines, acknowledgements, help."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from blackstart.errors import UsageError
from blackstart.events import PageAcked, PageDelivered, PageEscalated, PageFired
from blackstart.people.pager import Pager

if TYPE_CHECKING:
    from tests.people.conftest import Stage


@pytest.fixture
def pager(stage: Stage) -> Pager:
    return Pager(["ic-1", "sme-1"], 300.0, stage, stage.emit)


def delivered(stage: Stage) -> list[tuple[float, str, int]]:
    return [
        (event.drill_s, event.body.to, event.body.tier)
        for event in stage.of("page.delivered")
        if isinstance(event.body, PageDelivered)
    ]


def test_a_page_is_fired_and_delivered_to_the_first_in_line(stage: Stage, pager: Pager) -> None:
    stage.run_until(135.0)
    page = pager.fire("vault", "logins fail")
    fired = stage.of("page.fired")[0]
    assert isinstance(fired.body, PageFired)
    assert (fired.body.page, fired.body.probe, fired.body.to) == (page, "vault", "ic-1")
    assert fired.source == "page"
    assert delivered(stage) == [(135.0, "ic-1", 1)]


def test_a_page_carries_the_mark_of_the_drill_once(stage: Stage, pager: Pager) -> None:
    pager.fire("vault", "logins fail")
    pager.fire("vault", "[DRILL] logins fail")
    symptoms = [e.body.symptom.shown for e in stage.of("page.fired") if isinstance(e.body, PageFired)]
    assert symptoms == ["[DRILL] logins fail"] * 2


def test_an_acknowledged_page_goes_no_further(stage: Stage, pager: Pager) -> None:
    page = pager.fire("vault", "logins fail")
    stage.run_until(299.0)
    pager.acknowledge("ic-1", page)
    stage.run_until(3000.0)
    acked = stage.of("page.acked")[0]
    assert acked.body == PageAcked(page, "ic-1")
    assert (acked.actor, acked.drill_s) == ("ic-1", 299.0)
    assert delivered(stage) == [(0.0, "ic-1", 1)]
    assert pager.open() == ()


def test_without_an_answer_it_escalates_exactly_at_the_deadline(stage: Stage, pager: Pager) -> None:
    stage.run_until(135.0)
    page = pager.fire("vault", "logins fail")
    stage.run_until(3000.0)
    escalated = stage.of("page.escalated")
    assert [(e.drill_s, e.body) for e in escalated] == [
        (435.0, PageEscalated(page, "sme-1", 2, 435.0, "ic-1 did not acknowledge within 300 s"))
    ]
    assert delivered(stage) == [(135.0, "ic-1", 1), (435.0, "sme-1", 2)]
    assert [p.id for p in pager.open()] == [page]


def test_help_passes_it_on_at_once_and_the_next_tier_has_its_own_deadline(stage: Stage) -> None:
    pager = Pager(["ic-1", "sme-1", "sme-2"], 300.0, stage, stage.emit)
    page = pager.fire("vault", "logins fail")
    pager.acknowledge("ic-1", page)
    stage.run_until(100.0)
    assert pager.help("ic-1", page) == "sme-1"
    stage.run_until(399.0)
    assert delivered(stage) == [(0.0, "ic-1", 1), (100.0, "sme-1", 2)]
    stage.run_until(400.0)
    assert delivered(stage)[2:] == [(400.0, "sme-2", 3)]
    first = stage.of("page.escalated")[0]
    assert isinstance(first.body, PageEscalated)
    assert (first.actor, first.body.why) == ("ic-1", "ic-1 asked for help")


def test_help_with_nobody_left_says_so(stage: Stage) -> None:
    pager = Pager(["ic-1"], 300.0, stage, stage.emit)
    page = pager.fire("vault", "logins fail")
    assert pager.help("ic-1", page) == ""
    assert stage.of("page.escalated") == []


def test_each_persons_first_acknowledgement_is_on_record(stage: Stage, pager: Pager) -> None:
    page = pager.fire("vault", "logins fail")
    for who in ("ic-1", "ic-1", "sme-1"):
        pager.acknowledge(who, page)
    assert [event.actor for event in stage.of("page.acked")] == ["ic-1", "sme-1"]


def test_an_unknown_page_is_refused_with_those_there_are(pager: Pager) -> None:
    pager.fire("vault", "logins fail")
    with pytest.raises(UsageError, match=r"^there is no page 'p-2'$") as raised:
        pager.acknowledge("ic-1", "p-2")
    assert raised.value.hint == "pages so far: p-1"


def test_somebody_must_be_on_call(stage: Stage) -> None:
    with pytest.raises(UsageError, match=r"^nobody is on call$"):
        Pager([], 300.0, stage, stage.emit)

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from blackstart import events as ev
from blackstart.render.picture.lanes import Lane, lanes
from blackstart.review.model import Span

if TYPE_CHECKING:
    from tests.render.conftest import Drill


def by_label(drill: Drill) -> dict[str, Lane]:
    return {lane.label: lane for lane in lanes(drill.review, drill.events)}


def test_the_lanes_in_their_order(book: Drill) -> None:
    assert [(lane.group, lane.label) for lane in lanes(book.review, book.events)] == [
        ("stage", ""),
        ("component probes", "vault"),
        ("capability probes", "ship"),
        ("team probes", "payments-serving"),
        ("faults", "sealed"),
        ("pager", "pages"),
        ("roles", "ic"),
        ("roles", "sme"),
        ("roles", "comms"),
        ("messages", "incident"),
        ("messages", "#payments"),
        ("terminals", "sme-1"),
        ("status page", "phase"),
    ]


def test_a_probe_is_green_red_green(book: Drill) -> None:
    found = [(bar.kind, round(bar.start_s, 1), round(bar.end_s, 1)) for bar in by_label(book)["vault"].bars]
    assert found == [("green", 0.0, 60.8), ("red", 60.8, 752.2), ("green", 752.2, 4505.0)]


def test_no_answer_is_neither_red_nor_green(book: Drill) -> None:
    missing = replace(book.review, spans=[Span("probe:vault", "missing", 60.0, 90.0, 3, 4)])
    lane = {lane.label: lane for lane in lanes(missing, book.events)}["vault"]
    assert [bar.kind for bar in lane.bars] == ["green", "missing", "green"]


def test_what_never_happened_is_said(mute: Drill) -> None:
    found = by_label(mute)
    assert found["ic"].empty == "never claimed"
    assert found["incident"].empty == "nobody wrote here"
    assert found["phase"].empty == "nothing was posted"


def test_kinds_of_marks(book: Drill) -> None:
    found = by_label(book)
    assert [mark.kind for mark in found["pages"].marks] == ["page", "ack"]
    assert [mark.kind for mark in found["incident"].marks][:2] == ["pinned", "message"]
    assert [mark.kind for mark in found["#payments"].marks] == ["asked"]
    assert [mark.kind for mark in found["sme-1"].marks] == ["nonzero", "command"]


def test_many_channels_share_a_last_lane(book: Drill) -> None:
    post = next(event for event in book.events if isinstance(event.body, ev.ThreadPosted))
    assert isinstance(post.body, ev.ThreadPosted)
    posts = [replace(post, seq=n, body=replace(post.body, channel=f"#team-{n}")) for n in range(100, 120)]
    labels = [lane.label for lane in lanes(book.review, [*book.events, *posts]) if lane.group == "messages"]
    assert labels == ["incident", "#payments", "#team-100", "#team-101", "#team-102", "17 more channels"]

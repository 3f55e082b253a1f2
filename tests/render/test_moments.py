from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from blackstart import events as ev
from blackstart.events import FreeText
from blackstart.render.moments import moments

if TYPE_CHECKING:
    from tests.render.conftest import Drill


def test_the_ends_of_metrics_have_names_in_the_order_of_the_record(book: Drill) -> None:
    found = [(one.time, one.label) for one in moments(book.review, book.events)]
    assert found == [
        ("0:01:00", "first red probe"),
        ("0:02:15", "paged"),
        ("0:02:51", "acknowledged"),
        ("0:03:09", "first word to teams"),
        ("0:12:32", "first change"),
        ("0:12:32", "all green"),
        ("1:15:05", "over"),
    ]


def test_a_censored_metric_has_no_end_and_a_void_one_nothing(mute: Drill) -> None:
    labels = [one.label for one in moments(mute.review, mute.events)]
    assert "first word to teams" not in labels
    void = [replace(metric, status="void") for metric in mute.review.metrics]
    assert [one.label for one in moments(replace(mute.review, metrics=void), mute.events)] == ["over"]


def test_one_event_is_one_moment(book: Drill) -> None:
    found = moments(book.review, book.events)
    assert len({one.seq for one in found}) == len(found)


def test_an_event_number_that_the_record_lacks_is_left_out(book: Drill) -> None:
    assert [one.label for one in moments(book.review, book.events[: book.seq("page.fired")])] == [
        "first red probe"
    ]


def test_what_happens_again_and_again_is_named_a_few_times(book: Drill) -> None:
    body = ev.ComponentExited("vault", -9, FreeText.of(""))
    crashes = [replace(book.events[-1], seq=number, body=body) for number in range(1000, 1050)]
    labels = [one.label for one in moments(book.review, [*book.events, *crashes])]
    assert labels.count("vault ended") == 3


def test_an_alert_that_never_came_is_a_moment(book: Drill) -> None:
    missing = replace(book.events[-1], seq=1000, body=ev.AlertMissing("page", "vault", 30.0))
    assert "no alert came" in [one.label for one in moments(book.review, [*book.events, missing])]

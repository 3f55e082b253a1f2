"""What was broken, from when to when, and who ended it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blackstart import events as ev

if TYPE_CHECKING:
    from tests.review.conftest import Stories, Story

    from blackstart.review.model import Broken


def broken(story: Story) -> Broken:
    (one,) = story.review().broken
    return one


def test_where_people_mended_it_it_was_over_when_its_probe_turned_green(stories: type[Stories]) -> None:
    one = broken(stories.golden())
    assert (one.type, one.target, one.over_by) == ("vault.seal", "vault", "people")
    assert one.injected_s == 60.0
    assert one.over_s is not None
    assert one.over_s < 1000, "long before the harness looked at it"


def test_where_nobody_did_the_harness_ended_it(stories: type[Stories]) -> None:
    story = stories.new().fault(60).effective(61).probes(61, "red")
    one = broken(story.finish(910, "limit", by="harness"))
    assert (one.over_s, one.over_by, one.state) == (912.0, "harness", "proven healed")


def test_one_that_showed_nothing(stories: type[Stories]) -> None:
    story = stories.new().fault(60).add(70, ev.FaultIneffective("sealed", "vault", 10.0))
    assert broken(story.finish(80, "invalid", by="harness")).state == "no effect"


def test_one_that_chance_spared(stories: type[Stories]) -> None:
    story = stories.new().add(60, ev.FaultSkipped("sealed", "the seed 1 spares it"))
    one = broken(story.finish(80, "recovered", by="harness"))
    assert (one.state, one.injected_s, one.events) == ("skipped", None, [])

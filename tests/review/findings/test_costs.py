"""The two currencies: every second is charged once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from tests.review.conftest import Stories

    from blackstart.review.model import Review


def _dark(judged: Review) -> dict[str, float | None]:
    return {one.rule: one.minutes_in_the_dark for one in judged.findings if one.minutes_in_the_dark}


def test_who_never_says_a_word_pays_for_the_silence(stories: type[Stories]) -> None:
    story = stories.broken().ack(171).diagnose(260).unseal(735).green(738, since=737).finish(6000)
    assert _dark(story.review()) == {"P21-longest-silence": round((738 - 135) / 60, 3)}


def test_a_late_first_word_pays_from_the_page(stories: type[Stories]) -> None:
    story = stories.broken().ack(171).acknowledge(735).diagnose(740).unseal(800).green(802, since=801)
    assert _dark(story.finish(6000, "limit").review())["P04-acknowledge-in-time"] == 10.0


def test_an_update_that_ran_out_pays_while_something_is_red(stories: type[Stories]) -> None:
    """Told at 190, which holds to 1150; the next word at 1300; then updates until it is over."""
    story = stories.broken().ack(171).acknowledge(190).update(1300).diagnose(1310).unseal(1400)
    assert _dark(story.green(1402, since=1401).finish(4000, "limit").review())["P16-update-cadence"] == 2.5


def test_who_is_in_time_pays_nothing(stories: type[Stories]) -> None:
    assert _dark(stories.golden().review()) == {}


def test_a_page_that_waited_added_to_recovery(stories: type[Stories]) -> None:
    story = stories.broken().deliver(435, "sme-1", tier=2).ack(495, "sme-1").acknowledge(500)
    story.diagnose(510).unseal(600).green(602, since=601).finish(6000, "limit")
    found = story.finding("T03-page-acknowledged")
    assert found is not None
    assert (found.verdict, found.minutes_to_recovery) == ("fail", 1.0)


def test_what_no_record_proves_is_unknown(stories: type[Stories]) -> None:
    found = stories.broken().ack(171).acknowledge(190).finish(2000, "limit").finding("P09-roles-claimed")
    assert found is not None
    assert (found.verdict, found.minutes_to_recovery) == ("fail", None)


@settings(max_examples=60)
@given(
    ack=st.integers(140, 900),
    word=st.integers(140, 2000),
    looks=st.integers(140, 2000),
    tries=st.lists(st.integers(200, 3000), max_size=4),
    fix=st.integers(300, 4000),
    harm=st.integers(1, 400),
)
def test_the_sum_is_never_above_ttr(
    stories: type[Stories], ack: int, word: int, looks: int, tries: list[int], fix: int, harm: int
) -> None:
    story = stories.broken().ack(ack).acknowledge(word).diagnose(looks)
    for at in sorted(set(tries)):
        story.run(at, 'bao operator unseal "$(cat ~/unseal-keys/1)"', exit_code=2)
    story.unseal(fix).red(fix + 1, "orders-serving").green(fix + 2)
    judged = story.green(fix + 2 + harm, "orders-serving").finish(9000, "limit").review()
    ttr = next(one for one in judged.metrics if one.name == "TTR")
    assert ttr.status == "measured"
    assert ttr.seconds is not None
    charged = sum(one.minutes_to_recovery or 0.0 for one in judged.findings)
    assert charged <= ttr.seconds / 60 + 0.001 * len(judged.findings)
    dark = next(one for one in judged.metrics if one.name == "in the dark")
    assert dark.seconds is not None
    assert sum(one.minutes_in_the_dark or 0.0 for one in judged.findings) <= dark.seconds / 60 + 0.01

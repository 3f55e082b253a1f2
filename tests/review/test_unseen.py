"""What was not seen, what was not people's doing, and what cannot be known: the definitions' harder cases (notes, 6.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blackstart import events as ev

if TYPE_CHECKING:
    from tests.review.conftest import Stories, Story


def _of(story: Story, name: str) -> tuple[str, float | None]:
    found = story.metric(name)
    return found.status, found.seconds


# --- what was not seen, and who did it ----------------------------------------------------------------


def test_an_acknowledgement_without_any_action_is_hollow(stories: type[Stories]) -> None:
    """Nothing for ten minutes after it."""
    found = (
        stories.broken().ack(171).say(800, "Sorry, I am back.", "ic-1").finish(9000, "limit").metric("TTA")
    )
    assert (found.status, found.seconds) == ("measured", 36.0)
    assert "hollow" in found.reason
    assert "hollow" not in stories.golden().metric("TTA").reason


def test_an_acknowledgement_by_the_harness_is_none(stories: type[Stories]) -> None:
    story = stories.broken().ack(140, "harness").ack(171, "ic-1")
    assert _of(story, "TTA") == ("measured", 36.0)


def test_news_of_the_facilitator_void_the_detection(stories: type[Stories]) -> None:
    story = stories.broken().say(70, "Vault is down, we hear.", "facilitator", bot=True)
    story.add(70, ev.InjectDelivered("news", "news", "m-1"))
    assert story.metric("TTD").status == "void"


def test_what_healed_by_itself_was_mitigated_by_nobody(stories: type[Stories]) -> None:
    story = stories.told().diagnose(275).green(740, since=739).finish(9000, "limit")
    found = story.metric("TTM")
    assert found.status == "void"
    assert "itself" in found.reason or "auto" in found.reason


def test_a_probe_without_an_answer_breaks_the_window(stories: type[Stories]) -> None:
    story = stories.worked().missing(2000, "dns").green(2003, "dns", since=2002)
    story.say(4500, "All clear.", "ic-1").finish(4600)
    assert _of(story, "observation window") == ("measured", 2497.0)


def test_two_intervals_without_an_answer_do_not(stories: type[Stories]) -> None:
    story = stories.worked().missing(2000, "dns").green(2002, "dns", since=2001)
    story.say(4500, "All clear.", "ic-1").finish(4600)
    assert _of(story, "observation window") == ("measured", 3760.0)


def test_a_stretch_in_which_nobody_looked_breaks_the_window(stories: type[Stories]) -> None:
    story = stories.worked().blind(1999, 2400).say(2000, "Quiet.").say(2400, "Still quiet.")
    found = story.say(4500, "All clear.", "ic-1").finish(4600).metric("observation window")
    assert found.status == "measured"
    assert found.seconds is not None
    assert 2100.0 >= found.seconds >= 2000.0


def test_a_jump_is_no_blindness(stories: type[Stories]) -> None:
    assert _of(stories.golden(), "observation window") == ("measured", 3760.0)


def test_a_probe_without_an_answer_is_no_outage_of_its_own(stories: type[Stories]) -> None:
    story = stories.worked().missing(2000, "dns").green(2600, "dns", since=2599)
    assert _of(story.say(4500, "All clear.", "ic-1").finish(4600), "TTR") == ("measured", 679.0)


def test_red_that_becomes_unknown_is_not_restored(stories: type[Stories]) -> None:
    story = stories.told().unseal(500).missing(502).green(800, since=799).say(2000, "Quiet.")
    assert _of(story, "TTR") == ("measured", 739.0)


def test_a_recovery_that_the_record_did_not_see_last_is_censored(stories: type[Stories]) -> None:
    story = stories.told().unseal(738).green(740, since=739).say(800, "Fixed.", "sme-1")
    assert story.metric("TTR").status == "censored"


def test_an_all_clear_before_a_relapse_was_too_early(stories: type[Stories]) -> None:
    story = stories.worked().say(1340, "All clear.", "ic-1").red(2000, since=1999)
    story.unseal(2300).green(2302, since=2301).finish(9000, "limit")
    found = story.finding("P23-clean-window")
    assert found is not None
    assert (found.verdict, found.severity) == ("fail", "major")


def test_a_late_acknowledgement_costs_the_minutes_beyond_its_deadline(stories: type[Stories]) -> None:
    """Due at 435, taken at 735, and nobody looked before: five minutes."""
    story = stories.broken().deliver(435, "sme-1", tier=2).ack(735, "sme-1").acknowledge(740, "sme-1")
    story.diagnose(760).unseal(900).green(902, since=901).finish(9000, "limit")
    found = story.finding("T03-page-acknowledged")
    assert found is not None
    assert found.minutes_to_recovery == 5.0


def test_it_says_the_parts_of_ttc(stories: type[Stories]) -> None:
    """74 s until the page, 55 s by people: in its reason, or as timings beside it."""
    judged = stories.golden().review()
    parts = {one.seconds for one in judged.metrics if one.name.startswith("TTC")}
    text = " ".join(one.reason for one in judged.metrics if one.name == "TTC")
    assert {74.0, 55.0} <= parts or ("74 s" in text and "55 s" in text)


def test_a_look_that_failed_is_no_look(stories: type[Stories]) -> None:
    """`bao status` may end with 2, which says sealed; with 1 it said nothing."""
    story = stories.told().run(275, "bao status", exit_code=1).unseal(300).green(302, since=301)
    found = story.finish(9000, "limit").finding("P22-read-only-first")
    assert found is not None
    assert found.verdict == "fail"


def test_a_redacted_first_message_leaves_its_form_unknown(stories: type[Stories]) -> None:
    story = stories.golden()
    story.redact = {next(e.seq for e in story.events() if e.kind == "thread.posted")}
    found = story.finding("P05-acknowledgement-form")
    assert found is not None
    assert found.verdict == "unknown"


def test_a_page_that_failed_is_tried_again(stories: type[Stories]) -> None:
    """The first page reached nobody; the time runs from the second."""
    symptom = ev.FreeText.of("[DRILL] logins fail")
    story = stories.new().fault(60).red(61, since=60).effective(61)
    story.add(135, ev.PageFired("p-1", "vault", symptom, "ic-1"), source="page")
    story.page(195, delivered=200, page="p-2")
    assert _of(story, "TTN") == ("measured", 5.0)

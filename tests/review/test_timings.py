"""Every edge case of the metric definitions (notes, 6.2), one test each, on drills told by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from blackstart import events as ev

if TYPE_CHECKING:
    from tests.review.conftest import Stories, Story

IMPACT = "ship and authenticate fail. payments, orders and search keep serving."
WELL = "none: all probes are green"


def _of(story: Story, name: str) -> tuple[str, float | None]:
    found = story.metric(name)
    return found.status, found.seconds


# --- TTD, TTN, TTA ----------------------------------------------------------------------------------


def test_a_person_who_notices_before_the_alert_shows_a_gap_in_monitoring(stories: type[Stories]) -> None:
    found = stories.broken().say(90, "Logins fail, I have a look.", "sme-1").metric("TTD")
    assert (found.status, found.seconds) == ("measured", 29.0)
    assert "before the alert" in found.reason


def test_a_word_before_the_fault_detects_nothing(stories: type[Stories]) -> None:
    assert _of(stories.broken().say(30, "Good morning.", "sme-1"), "TTD") == ("measured", 74.0)


def test_undetected_is_censored_at_the_end(stories: type[Stories]) -> None:
    story = stories.new().fault(60).red(61, since=60).finish(1000, "limit", by="harness")
    assert story.metric("TTD").status == "censored"


def test_without_a_fault_nothing_is_timed(stories: type[Stories]) -> None:
    judged = stories.new().finish(600).review()
    assert {one.status for one in judged.metrics} == {"void"}
    assert all(one.reason for one in judged.metrics)


def test_a_fault_without_effect_voids_everything_and_scores_nobody(stories: type[Stories]) -> None:
    story = stories.new().fault(60).add(70, ev.FaultIneffective("sealed", "vault", 10.0)).page(135).ack(171)
    judged = story.finish(200, "invalid").review()
    assert judged.outcome == "invalid"
    assert {one.status for one in judged.metrics} == {"void"}
    assert (judged.findings, judged.ratings, judged.gate.verdict) == ([], [], "unknown")


def test_a_replica_that_was_not_steady_scores_nobody(stories: type[Stories]) -> None:
    story = stories.new().add(60, ev.SteadyFailed({"dns": "no answer"})).finish(61, "invalid")
    assert (story.review().outcome, story.review().findings) == ("invalid", [])


def test_notify_runs_from_the_alert_to_the_delivery(stories: type[Stories]) -> None:
    story = stories.new().fault(60).red(61, since=60).page(135, delivered=150)
    assert _of(story, "TTN") == ("measured", 15.0)


def test_a_page_that_reached_nobody_is_censored(stories: type[Stories]) -> None:
    story = stories.new().fault(60).red(61, since=60)
    symptom = ev.FreeText.of("[DRILL] logins fail")
    story.add(135, ev.PageFired("p-1", "vault", symptom, "ic-1"), source="page").finish(
        600, "limit", by="harness"
    )
    assert story.metric("TTN").status == "censored"
    assert story.metric("TTA").status == "void"


def test_of_several_acknowledgements_the_first_counts(stories: type[Stories]) -> None:
    assert _of(stories.broken().ack(200, "sme-1").ack(171, "ic-1"), "TTA") == ("measured", 36.0)


def test_nobody_acknowledged_is_censored_at_the_end(stories: type[Stories]) -> None:
    story = stories.broken().say(1035, "hm", "search", bot=True)
    found = story.metric("TTA")
    assert (found.status, found.seconds) == ("censored", 900.0)


def test_resolved_before_acknowledged_is_censored_at_the_resolution(stories: type[Stories]) -> None:
    story = stories.broken().unseal(300).green(305, since=304).ack(400).say(2000, "Quiet day.")
    found = story.metric("TTA")
    assert (found.status, found.seconds) == ("censored", 170.0)
    assert "resolved" in found.reason or "over" in found.reason


def test_an_escalation_keeps_the_first_delivery_as_the_start(stories: type[Stories]) -> None:
    story = stories.broken().deliver(435, "sme-1", tier=2).ack(480, "sme-1")
    assert _of(story, "TTA") == ("measured", 345.0)


# --- TTRoles, TTE -----------------------------------------------------------------------------------


def test_roles_end_with_the_last_required_claim(stories: type[Stories]) -> None:
    story = stories.broken().ack(171).acknowledge(190).say(215, "I'm IC.", "ic-1").say(300, "I'm comms.")
    assert _of(story, "TTRoles") == ("measured", 44.0)


def test_an_unclaimed_role_is_censored(stories: type[Stories]) -> None:
    story = stories.broken().ack(171).acknowledge(190).say(471, "Still at it.", "ic-1")
    found = story.metric("TTRoles")
    assert (found.status, found.seconds) == ("censored", 300.0)
    assert "ic" in found.reason


def test_a_hand_over_keeps_the_first_claim(stories: type[Stories]) -> None:
    story = stories.broken().ack(171).acknowledge(190).say(215, "I'm IC.", "ic-1")
    story.say(500, "ic: over to comms-1", "ic-1").say(520, "I'm IC now.", "comms-1")
    assert _of(story, "TTRoles") == ("measured", 44.0)


def test_a_question_or_a_bot_claims_no_role(stories: type[Stories]) -> None:
    story = stories.broken().ack(171).say(200, "Am I IC?", "sme-1").say(210, "I'm IC.", "payments", bot=True)
    story.say(220, "I'm not the IC.", "sme-1").say(230, "I'm IC.", "ic-1", "#payments")
    assert story.metric("TTRoles").status == "censored"


def test_joining_a_chat_is_not_engaging(stories: type[Stories]) -> None:
    assert stories.broken().ack(171).say(190, "I'm here.", "sme-1").metric("TTE").status == "censored"


def test_a_look_at_something_else_is_not_engaging(stories: type[Stories]) -> None:
    story = stories.broken().ack(171).run(200, "date").run(210, "ls -l").run(275, "bao status", exit_code=2)
    assert _of(story, "TTE") == ("measured", 104.0)


def test_engaging_is_void_without_an_acknowledgement(stories: type[Stories]) -> None:
    assert stories.broken().diagnose(300).metric("TTE").status == "void"


# --- TTC, TTScope -----------------------------------------------------------------------------------


@pytest.mark.parametrize("channel", ["@sme-1", "#payments"])
def test_only_the_incident_thread_communicates(stories: type[Stories], channel: str) -> None:
    story = stories.broken().say(150, "We are on it.", "ic-1", channel).say(400, "We are on it.", "ic-1")
    assert _of(story, "TTC") == ("measured", 339.0)


def test_a_bot_tells_nobody(stories: type[Stories]) -> None:
    story = stories.broken().say(140, "Incident opened.", "harness", bot=True).say(400, "On it.", "ic-1")
    assert _of(story, "TTC") == ("measured", 339.0)


def test_never_a_word_is_censored(stories: type[Stories]) -> None:
    story = stories.broken().ack(171).say(661, "?", "search", "#search", bot=True)
    assert _of(story, "TTC") == ("censored", 600.0)


def test_a_wrong_scope_counts_from_its_correction(stories: type[Stories]) -> None:
    wrong = "payments, orders and search do not serve. ship and authenticate work."
    story = stories.told().update(330, wrong).update(450, IMPACT).unseal(700).green(702, since=701)
    assert _of(story, "TTScope") == ("measured", 389.0)


def test_a_scope_that_names_half_of_it_is_not_right(stories: type[Stories]) -> None:
    story = stories.told().update(330, "ship fails. authenticate fails.").update(500, IMPACT)
    assert _of(story, "TTScope") == ("measured", 439.0)


# --- TTM, TTR ---------------------------------------------------------------------------------------


def test_a_recovery_shorter_than_two_minutes_is_a_flap(stories: type[Stories]) -> None:
    story = (
        stories.told().unseal(500).green(502, since=501).red(621, since=620).unseal(800).green(802, since=801)
    )
    story.say(2000, "Quiet.")
    assert _of(story, "TTM") == ("measured", 741.0)
    assert _of(story, "TTR") == ("measured", 741.0)


def test_a_recovery_of_two_minutes_mitigates_and_a_relapse_moves_the_end(stories: type[Stories]) -> None:
    story = (
        stories.told().unseal(500).green(502, since=501).red(622, since=621).unseal(800).green(802, since=801)
    )
    story.say(2000, "Quiet.")
    assert _of(story, "TTM") == ("measured", 441.0)
    found = story.metric("TTR")
    assert (found.status, found.seconds) == ("measured", 741.0)
    assert "relapse" in found.reason


def test_the_end_is_the_last_of_the_probes(stories: type[Stories]) -> None:
    story = (
        stories.told()
        .unseal(500)
        .green(502, "vault", "authenticate", since=501)
        .green(620, "ship", since=619)
    )
    assert _of(story.say(2000, "Quiet."), "TTR") == ("measured", 559.0)


def test_a_facilitators_clean_up_is_no_recovery(stories: type[Stories]) -> None:
    story = stories.told().finish(5460, "limit", by="harness")
    for name in ("TTM", "TTR"):
        found = story.metric(name)
        assert (found.status, found.seconds) == ("censored", 5399.0)
    assert story.metric("observation window").status == "void"


def test_never_recovered_is_censored(stories: type[Stories]) -> None:
    assert _of(stories.told().say(1061, "Hm."), "TTR") == ("censored", 1000.0)


def test_uncertainty_is_a_probe_interval_and_grows_with_the_pace(stories: type[Stories]) -> None:
    assert stories.golden().metric("TTR").uncertainty_s == 1.0
    story = stories.new(interval_s=1.0, pace=6.0).fault(60).red(63, since=60).page(135)
    assert story.metric("TTD").uncertainty_s == 6.0


def test_uncertainty_is_the_gap_between_the_samples_where_that_is_longer(stories: type[Stories]) -> None:
    assert stories.new().fault(60).red(90, since=60).page(135).metric("TTD").uncertainty_s == 30.0


# --- update adherence, silence, debt ------------------------------------------------------------------


def test_adherence_is_the_covered_share_of_the_time(stories: type[Stories]) -> None:
    """First word at 190 holds to 1150 (15 minutes and the grace); nothing until 2110: 960 of 1920 s."""
    found = stories.broken().ack(171).acknowledge(190).update(2110).metric("update adherence")
    assert found.share == 0.5


def test_ten_quick_posts_do_not_make_up_for_a_silence(stories: type[Stories]) -> None:
    story = stories.broken().acknowledge(190)
    for number in range(10):
        story.update(2590 + number)
    found = story.metric("update adherence")
    assert found.share is not None
    assert found.share < 0.5


def test_a_late_update_does_not_make_the_next_one_late(stories: type[Stories]) -> None:
    """Late at 1210 by 60 s; the next, 15 minutes after that, is on time."""
    story = stories.broken().acknowledge(190).update(1210, next_in=1800).update(2110, next_in=1800)
    assert story.metric("update adherence").share == round(1 - 60 / 1920, 4)


def test_an_early_update_is_fine_and_begins_the_next_period(stories: type[Stories]) -> None:
    story = stories.broken().acknowledge(190).update(300, next_in=1800).update(1200, next_in=1800)
    assert story.metric("update adherence").share == 1.0


def test_an_early_promise_is_a_deadline(stories: type[Stories]) -> None:
    """At 1020 it promises 1320; with the grace that holds to 1380, and the next word comes at 1980."""
    story = stories.broken().acknowledge(190).update(1020, next_in=300).update(1980)
    assert story.metric("update adherence").share == round(1 - 600 / 1790, 4)


def test_once_all_is_green_the_observing_cadence_holds(stories: type[Stories]) -> None:
    assert stories.golden().metric("update adherence").share == 1.0


def test_an_incident_shorter_than_a_period_has_no_adherence(stories: type[Stories]) -> None:
    story = stories.told().unseal(400).green(402, since=401).say(700, "All clear.", "ic-1")
    assert story.metric("update adherence").status == "void"


def test_adherence_of_nobody_is_nothing(stories: type[Stories]) -> None:
    found = stories.broken().ack(171).finish(3000, "limit", by="harness").metric("update adherence")
    assert (found.status, found.share) == ("censored", 0.0)


def test_silence_is_the_longest_gap_between_words_of_people(stories: type[Stories]) -> None:
    story = stories.broken().acknowledge(190).say(300, "Looking.", "sme-1")
    story.say(700, "Any news?", "search", bot=True).say(1200, "Found it.", "sme-1")
    story.say(1300, "All clear.", "ic-1")
    assert _of(story, "silence") == ("measured", 900.0)


def test_debt_is_the_time_from_the_first_change_to_the_first_word(stories: type[Stories]) -> None:
    story = stories.broken().ack(171).unseal(200).green(203, since=202).acknowledge(920)
    assert _of(story, "comms debt") == ("measured", 720.0)


def test_who_tells_first_has_no_debt(stories: type[Stories]) -> None:
    assert _of(stories.worked(), "comms debt") == ("measured", 0.0)


def test_debt_that_was_never_paid_is_censored(stories: type[Stories]) -> None:
    story = stories.broken().ack(171).unseal(200).green(203, since=202).finish(4000, "limit")
    assert story.metric("comms debt").status == "censored"


def test_reading_makes_no_debt(stories: type[Stories]) -> None:
    story = stories.broken().ack(171).diagnose(180).acknowledge(400).unseal(500).green(502, since=501)
    assert _of(story, "comms debt") == ("measured", 0.0)


# --- the word "fixed", the window ---------------------------------------------------------------------


def test_a_premature_claim_is_negative(stories: type[Stories]) -> None:
    story = stories.told().unseal(700).say(710, "Fixed.", "sme-1").green(740, since=739).say(2000, "Quiet.")
    assert _of(story, "claim error") == ("measured", -30.0)


def test_a_plan_or_a_question_claims_nothing(stories: type[Stories]) -> None:
    story = stories.told().say(400, "Is it fixed?", "ic-1").say(410, "Once it is fixed we verify.", "sme-1")
    story.unseal(738).green(740, since=739).say(800, "It is fixed.", "sme-1").say(2000, "Quiet.")
    assert _of(story, "claim error") == ("measured", 60.0)


def test_the_window_runs_from_the_recovery_to_the_all_clear(stories: type[Stories]) -> None:
    assert _of(stories.golden(), "observation window") == ("measured", 3760.0)


def test_a_relapse_begins_the_window_anew(stories: type[Stories]) -> None:
    story = stories.worked().red(1740, since=1739).unseal(2000).green(2003, since=2002)
    story.say(4540, "All clear.", "ic-1").finish(4600)
    assert _of(story, "observation window") == ("measured", 2537.0)


def test_without_an_all_clear_it_was_not_observed(stories: type[Stories]) -> None:
    found = stories.worked().finish(8000, "limit").metric("observation window")
    assert found.status == "censored"
    assert "all-clear" in found.reason


def test_an_all_clear_while_something_is_red_has_no_window(stories: type[Stories]) -> None:
    story = stories.told().say(600, "All clear.", "ic-1").unseal(738).green(740, since=739).finish(2000)
    assert (story.metric("observation window").seconds or 0.0) <= 0.0


# --- time ---------------------------------------------------------------------------------------------


def test_a_pause_plays_no_part(stories: type[Stories]) -> None:
    """Drill seconds stand still while paused, so the events of a pause change no number."""
    paused = stories.golden().add(500, ev.ClockPaused("facilitator"))
    paused.add(500, ev.ClockUnpaused("facilitator", 1800.0))
    timings = [(one.name, one.status, one.seconds, one.share) for one in paused.review().metrics]
    plain = stories.golden().review().metrics
    assert timings == [(one.name, one.status, one.seconds, one.share) for one in plain]


def test_both_events_of_a_measured_timing_are_named(stories: type[Stories]) -> None:
    events = {event.seq: event for event in stories.golden().events()}
    for one in stories.golden().review().metrics:
        if one.seconds is not None and one.name in ("TTD", "TTN", "TTA", "TTE", "TTC", "TTScope", "TTR"):
            assert one.start_event is not None
            assert one.end_event is not None
            began, ended = events[one.start_event], events[one.end_event]
            assert round(ended.drill_s - began.drill_s, 3) == one.seconds


def test_tta_the_acknowledgement_in_the_thread_counts_as_the_one_on_the_pager(stories: Stories) -> None:
    assert _of(stories.broken().acknowledge(190), "TTA") == ("measured", 55.0)
    assert _of(stories.broken().acknowledge(190).ack(230), "TTA") == ("measured", 55.0)

"""Each rule: kept, broken, and nothing to judge. Every failed finding has evidence, a place and a proposal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from blackstart.events import AlertMissing

if TYPE_CHECKING:
    from tests.review.conftest import Stories, Story

    from blackstart.review.model import Review

WELL = "none: all probes are green"
MUTE = 9000.0


def _verdict(story: Story, rule: str) -> str:
    found = story.finding(rule)
    return found.verdict if found else "none"


def _failed(judged: Review) -> set[str]:
    return {one.rule for one in judged.findings if one.verdict == "fail"}


def _all(stories: type[Stories]) -> list[Story]:
    """Drills that go wrong in many ways."""
    mute = stories.broken().ack(171).diagnose(275).unseal(738).green(740, since=739).verify(760)
    rash = stories.broken().ack(171).unseal(180).green(185, since=184).acknowledge(1900)
    asleep = stories.broken().deliver(435, "sme-1", tier=2).ask(500, "orders")
    hasty = stories.worked().say(830, "All clear.", "ic-1")
    endings = [(mute, "people"), (rash, "people"), (asleep, "harness"), (hasty, "people")]
    return [story.finish(MUTE, "limit", by=by) for story, by in endings]


# --- what holds for every finding ---------------------------------------------------------------------


def test_a_failed_finding_has_evidence_a_place_and_a_proposal(stories: type[Stories]) -> None:
    for story in _all(stories):
        events = {event.seq for event in story.events()}
        failed = [one for one in story.review().findings if one.verdict == "fail"]
        assert failed
        for one in failed:
            assert one.evidence, one.rule
            assert set(one.evidence) <= events
            assert one.where is not None, one.rule
            assert one.proposal, one.rule
            assert one.title, one.rule


def test_no_rule_is_unknown_when_people_recovered_and_time_was_left(stories: type[Stories]) -> None:
    mute, rash, _, hasty = _all(stories)
    for story in (mute, rash, hasty, stories.golden()):
        unknown = {one.rule: one.detail for one in story.review().findings if one.verdict == "unknown"}
        assert unknown == {}


def test_no_minute_in_the_dark_counts_twice(stories: type[Stories]) -> None:
    """Something was red for at most so long, so no more can have been dark."""
    for story, red_min in zip(_all(stories), (679 / 60, 124 / 60, (MUTE - 60) / 60, 679 / 60), strict=True):
        assert sum(one.minutes_in_the_dark or 0.0 for one in story.review().findings) <= red_min + 0.1


def test_minutes_to_recovery_are_never_more_than_the_recovery_took(stories: type[Stories]) -> None:
    for story in _all(stories):
        restored = story.metric("TTR").seconds
        assert restored is not None
        lost = sum(one.minutes_to_recovery or 0.0 for one in story.review().findings)
        assert lost <= restored / 60


def test_a_finding_names_the_line_of_its_rule(stories: type[Stories]) -> None:
    story = stories.broken().deliver(435, "sme-1", tier=2).ack(600).finish(MUTE, "limit", by="harness")
    found = story.finding("T03-page-acknowledged")
    assert found is not None
    assert found.where is not None
    line = story.inputs["protocol"].splitlines()[found.where.line - 1]
    assert found.where.file == "scenarios/protocols/playbook.yaml"
    assert line.strip().startswith("page_within:")


def test_a_comment_or_a_key_of_the_same_name_does_not_fool_the_place(stories: type[Stories]) -> None:
    story = stories.broken().ack(171).diagnose(175).finish(MUTE, "limit", by="harness")
    story.edit("protocol", "acknowledgement:\n", "# roles: within: here\nacknowledgement:\n")
    found = story.finding("P09-roles-claimed")
    assert found is not None
    assert found.where is not None
    lines = story.inputs["protocol"].splitlines()
    assert lines[found.where.line - 1].strip().startswith("within:")
    assert "P09" in lines[found.where.line - 1]


# --- the first minutes --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("acked", "verdict"), [(171.0, "pass"), (435.0, "pass"), (436.0, "fail"), (None, "fail")]
)
def test_the_page_is_acknowledged_in_time(stories: type[Stories], acked: float | None, verdict: str) -> None:
    story = stories.broken()
    if acked is not None:
        story.ack(acked)
    assert _verdict(story.finish(MUTE, "limit", by="harness"), "T03-page-acknowledged") == verdict


@pytest.mark.parametrize(
    ("at", "verdict"), [(190.0, "pass"), (435.0, "pass"), (436.0, "fail"), (None, "fail")]
)
def test_the_first_word_comes_in_time(stories: type[Stories], at: float | None, verdict: str) -> None:
    story = stories.broken().ack(171)
    if at is not None:
        story.say(at, "On it.", "ic-1")
    assert _verdict(story.finish(MUTE, "limit", by="harness"), "P04-acknowledge-in-time") == verdict


def test_without_a_page_nobody_had_to_answer_one(stories: type[Stories]) -> None:
    story = stories.new().fault(60).red(61, since=60).finish(MUTE, "limit", by="harness")
    assert {_verdict(story, rule) for rule in ("T03-page-acknowledged", "P04-acknowledge-in-time")} == {
        "none"
    }


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("INC-2026-04-26-001 acknowledged. Investigating Vault logins. Updates in this thread.", "pass"),
        ("*INC-2026-04-26-001* acknowledged. Investigating Vault logins. Updates in this thread.", "pass"),
        ("INC-2026-04-26-002 acknowledged. Investigating Vault logins. Updates in this thread.", "fail"),
        ("INC-2026-04-26-001 acknowledged. Investigating . Updates in this thread.", "fail"),
        ("INC-2026-04-26-001 acknowledged. Investigating Vault logins.", "fail"),
        ("I have a look.", "fail"),
    ],
)
def test_the_acknowledgement_has_its_form(stories: type[Stories], text: str, verdict: str) -> None:
    story = stories.broken().ack(171).say(190, text, "ic-1").finish(MUTE, "limit", by="harness")
    assert _verdict(story, "P05-acknowledgement-form") == verdict


@pytest.mark.parametrize(("pinned", "verdict"), [(250.0, "pass"), (251.0, "fail"), (None, "fail")])
def test_the_acknowledgement_is_pinned(stories: type[Stories], pinned: float | None, verdict: str) -> None:
    text = "INC-2026-04-26-001 acknowledged. Investigating Vault logins. Updates in this thread."
    story = stories.broken().ack(171).say(190, text, "ic-1")
    if pinned is not None:
        story.pin(pinned)
    assert _verdict(story.finish(MUTE, "limit", by="harness"), "P06-acknowledgement-pinned") == verdict


@pytest.mark.parametrize(("claimed", "verdict"), [(471.0, "pass"), (472.0, "fail"), (None, "fail")])
def test_the_commander_is_named_in_time(stories: type[Stories], claimed: float | None, verdict: str) -> None:
    story = stories.broken().ack(171).acknowledge(190)
    if claimed is not None:
        story.say(claimed, "I'm IC.", "ic-1")
    assert _verdict(story.finish(MUTE, "limit", by="harness"), "P09-roles-claimed") == verdict


def test_a_small_incident_asks_for_the_commander_alone(stories: type[Stories]) -> None:
    assert _verdict(stories.golden(), "P10-roles-when-large") == "none"


@pytest.mark.parametrize(("comms", "verdict"), [(2161.0, "pass"), (2162.0, "fail")])
def test_after_half_an_hour_every_role_is_named(stories: type[Stories], comms: float, verdict: str) -> None:
    story = (
        stories.broken()
        .ack(171)
        .acknowledge(190)
        .say(205, "I'm IC.", "ic-1")
        .say(225, "I'm the SME.", "sme-1")
    )
    story.say(comms, "I'm comms.").finish(MUTE, "limit", by="harness")
    assert _verdict(story, "P10-roles-when-large") == verdict


def test_three_teams_red_make_it_large(stories: type[Stories]) -> None:
    story = stories.broken().red(100, "payments-serving", "orders-serving", "search-serving", since=99)
    story.ack(171).acknowledge(190).say(205, "I'm IC.", "ic-1").unseal(738)
    story.green(740, since=739).green(740, "payments-serving", "orders-serving", "search-serving", since=739)
    assert _verdict(story.finish(MUTE, "limit"), "P10-roles-when-large") == "fail"


@pytest.mark.parametrize(("expert", "verdict"), [("sme-1", "pass"), ("ic-1", "fail")])
def test_the_expert_is_not_the_commander_once_it_is_large(
    stories: type[Stories], expert: str, verdict: str
) -> None:
    story = (
        stories.broken()
        .ack(171)
        .acknowledge(190)
        .say(205, "I'm IC.", "ic-1")
        .say(225, "I'm the SME.", expert)
    )
    story.say(240, "I'm comms.").finish(MUTE, "limit", by="harness")
    assert _verdict(story, "P30-expert-not-commander") == verdict


def test_in_a_small_incident_one_person_may_do_both(stories: type[Stories]) -> None:
    story = (
        stories.broken()
        .ack(171)
        .acknowledge(190)
        .say(205, "I'm IC.", "ic-1")
        .say(225, "I'm the SME.", "ic-1")
    )
    story.unseal(738, "ic-1").green(740, since=739).finish(MUTE, "limit")
    assert _verdict(story, "P30-expert-not-commander") == "none"


# --- the thread ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "at", "verdict"),
    [
        ("It is us. Please follow #incident, all updates are there.", 460.0, "pass"),
        ("It is us. INC-2026-04-26-001 has all updates.", 520.0, "pass"),
        ("It is us. Please follow #incident.", 521.0, "fail"),
        ("It is us, sorry.", 460.0, "fail"),
    ],
)
def test_a_question_elsewhere_is_answered_with_a_pointer(
    stories: type[Stories], answer: str, at: float, verdict: str
) -> None:
    story = stories.golden().ask(400)
    assert _verdict(story.say(at, answer, "comms-1", "#payments"), "P07-one-thread") == verdict


def test_an_answer_in_another_channel_answers_nobody(stories: type[Stories]) -> None:
    story = stories.golden().ask(400)
    story.say(430, "Please follow #incident.", "comms-1", "#orders")
    assert _verdict(story, "P07-one-thread") == "fail"


def test_a_question_before_the_page_waits_for_nobody(stories: type[Stories]) -> None:
    story = stories.golden().ask(100)
    assert _verdict(story, "P07-one-thread") == "pass"


def test_talk_elsewhere_makes_a_second_thread(stories: type[Stories]) -> None:
    story = stories.golden()
    for number in range(5):
        text = "Vault logins still fail, INC-2026-04-26-001 is ours: ship fails for you too."
        story.say(420 + 10 * number, text.replace("INC-2026-04-26-001", "the incident"), "sme-1", "#orders")
    assert _failed(story.review()) & {"P07-one-thread", "P08-one-place"}


def test_an_update_by_direct_message_is_a_finding(stories: type[Stories]) -> None:
    story = stories.golden().say(
        400, "INC-2026-04-26-001: logins at Vault fail, we are on it.", "ic-1", "@orders-lead"
    )
    assert _verdict(story, "P29-no-direct-messages") == "fail"
    assert _verdict(stories.golden(), "P29-no-direct-messages") == "pass"


# --- updates ------------------------------------------------------------------------------------------


def _active(stories: type[Stories]) -> Story:
    """Told at 190, and red to the end."""
    return stories.broken().ack(171).acknowledge(190)


def test_updates_every_quarter_of_an_hour(stories: type[Stories]) -> None:
    story = _active(stories).update(1090).update(1990).update(2890).unseal(3000).green(3002, since=3001)
    story.update(3100, WELL, next_in=1500).say(3200, "All clear.", "ic-1").finish(3300)
    assert _verdict(story, "P16-update-cadence") == "pass"


def test_a_quarter_of_an_hour_and_more_than_the_grace_is_too_seldom(stories: type[Stories]) -> None:
    story = _active(stories).update(1151).update(1990).unseal(2100).green(2102, since=2101)
    story.update(2200, WELL, next_in=1500).say(3200, "All clear.", "ic-1").finish(3300)
    assert _verdict(story, "P16-update-cadence") == "fail"


def test_never_an_update_is_a_finding(stories: type[Stories]) -> None:
    story = stories.broken().ack(171).unseal(738).green(740, since=739).finish(MUTE, "limit")
    assert _verdict(story, "P16-update-cadence") == "fail"


@pytest.mark.parametrize(("following", "verdict"), [(660.0, "pass"), (661.0, "fail"), (500.0, "pass")])
def test_an_update_that_was_promised_comes(stories: type[Stories], following: float, verdict: str) -> None:
    """At 300 it promises 600, and a minute of grace."""
    story = _active(stories).update(300, next_in=300).update(following, next_in=900).update(following + 600)
    story.unseal(following + 700).green(following + 702, since=following + 701)
    story.say(following + 710, "All clear.", "ic-1")
    assert _verdict(story.finish(MUTE, "limit"), "P17-promised-update") == verdict


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Symptom: logins at Vault answer 503\n", ""),
        ("Impact: ", "Effect: "),
        ("Investigation: Vault is sealed\n", ""),
        (" STATUS", " status"),
        ("[15:35 UTC] ", ""),
        ("[15:35 UTC]", "[15:20 UTC]"),
        ("INC-2026-04-26-001", "INC-2026-04-26-009"),
    ],
)
def test_an_update_keeps_its_form(stories: type[Stories], old: str, new: str) -> None:
    """Case of letters does not matter; a missing field, another incident and a wrong stamp do."""
    text = (
        "[15:35 UTC] STATUS UPDATE — INC-2026-04-26-001\nSymptom: logins at Vault answer 503\n"
        "Impact: ship and authenticate fail\nInvestigation: Vault is sealed\nNext update: 15:50 UTC"
    )
    assert old in text
    story = _active(stories).say(330, text.replace(old, new)).finish(MUTE, "limit", by="harness")
    assert _verdict(story, "P18-update-template") == ("pass" if new == " status" else "fail")


def test_without_an_update_there_is_no_form_to_keep(stories: type[Stories]) -> None:
    story = _active(stories).finish(MUTE, "limit", by="harness")
    assert _verdict(story, "P18-update-template") == "none"


@pytest.mark.parametrize(
    ("impact", "verdict"),
    [
        ("new deploys fail; payments, orders and search are unaffected.", "pass"),
        ("ship and authenticate fail. payments, orders and search keep serving.", "pass"),
        ("teams cannot deploy. payments, orders and search still serve.", "pass"),
        ("new deploys and logins fail for every team; running workloads are unaffected.", "pass"),
        ("payments is down.", "fail"),
        ("payments does not serve.", "fail"),
        ("deploys are unaffected.", "fail"),
        ("none: all probes are green", "fail"),
    ],
)
def test_what_is_said_of_the_impact_is_held_to_the_probes(
    stories: type[Stories], impact: str, verdict: str
) -> None:
    story = _active(stories).update(330, impact).finish(MUTE, "limit", by="harness")
    assert _verdict(story, "P19-impact-true") == verdict


@pytest.mark.parametrize(("word", "verdict"), [(1040.0, "pass"), (1045.0, "fail")])
def test_a_change_that_lasts_is_told(stories: type[Stories], word: float, verdict: str) -> None:
    story = _active(stories).unseal(738).green(740, since=739)
    story.update(word, WELL, next_in=1500).finish(MUTE, "limit")
    assert _verdict(story, "P20-state-change-told") == verdict


def test_a_flap_asks_for_no_update(stories: type[Stories]) -> None:
    """Green for 118 s at 500; nothing else changes until the end, 20 minutes later."""
    story = _active(stories).green(500, since=499).red(618, since=617).finish(1800, "limit", by="harness")
    assert _verdict(story, "P20-state-change-told") == "none"


@pytest.mark.parametrize(("word", "verdict"), [(1090.0, "pass"), (1151.0, "fail")])
def test_no_long_silence(stories: type[Stories], word: float, verdict: str) -> None:
    story = _active(stories).say(word, "Still at it.", "sme-1").unseal(1200).green(1202, since=1201)
    story.say(1210, "Fixed.", "sme-1").say(1300, "All clear.", "ic-1")
    assert _verdict(story.finish(MUTE, "limit"), "P21-longest-silence") == verdict


def test_the_status_page_has_every_phase(stories: type[Stories]) -> None:
    assert _verdict(stories.golden(), "P25-status-page") == "pass"
    assert _verdict(stories.worked().finish(MUTE, "limit"), "P25-status-page") == "fail"


# --- looking, changing, ending ------------------------------------------------------------------------


def test_look_before_you_change(stories: type[Stories]) -> None:
    assert _verdict(stories.golden(), "P22-read-only-first") == "pass"
    rash = stories.told().unseal(300).green(302, since=301).diagnose(400).finish(MUTE, "limit")
    assert _verdict(rash, "P22-read-only-first") == "fail"
    idle = stories.told().diagnose(300).finish(MUTE, "limit", by="harness")
    assert _verdict(idle, "P22-read-only-first") != "fail"


def test_a_look_at_something_else_is_no_look(stories: type[Stories]) -> None:
    story = stories.told().run(290, "date").run(291, "ls").unseal(300).green(302, since=301)
    assert _verdict(story.finish(MUTE, "limit"), "P22-read-only-first") == "fail"


@pytest.mark.parametrize(("red", "verdict"), [(1038.0, "fail"), (1339.0, "pass")])
def test_a_probe_that_turns_red_soon_after_a_change_was_harmed_by_it(
    stories: type[Stories], red: float, verdict: str
) -> None:
    story = stories.told().diagnose(275).run(738, "bao write sys/x y=1").red(red, "dns", since=red - 1)
    story.finish(MUTE, "limit", by="harness")
    assert _verdict(story, "P22-self-inflicted-harm") == verdict


def test_tell_before_you_change(stories: type[Stories]) -> None:
    assert _verdict(stories.golden(), "P26-comms-debt") == "pass"
    story = stories.broken().ack(171).unseal(180).green(183, since=182).acknowledge(400).finish(MUTE, "limit")
    assert _verdict(story, "P26-comms-debt") == "fail"
    assert _verdict(stories.told().finish(MUTE, "limit", by="harness"), "P26-comms-debt") != "fail"


@pytest.mark.parametrize(
    ("clear", "verdict"), [(4340.0, "pass"), (4339.0, "fail"), (None, "fail"), (600.0, "fail")]
)
def test_an_hour_of_green_before_the_all_clear(
    stories: type[Stories], clear: float | None, verdict: str
) -> None:
    story = stories.worked()
    if clear is not None:
        story.say(clear, "All clear.", "ic-1")
    assert _verdict(story.finish(MUTE, "limit"), "P23-clean-window") == verdict


def test_a_relapse_within_the_hour_begins_it_anew(stories: type[Stories]) -> None:
    story = stories.worked().red(1740, since=1739).unseal(2000).green(2003, since=2002)
    assert _verdict(story.say(5602, "All clear.", "ic-1").finish(MUTE), "P23-clean-window") == "fail"
    story = stories.worked().red(1740, since=1739).unseal(2000).green(2003, since=2002)
    assert _verdict(story.say(5603, "All clear.", "ic-1").finish(MUTE), "P23-clean-window") == "pass"


def test_never_recovered_never_passes_the_window(stories: type[Stories]) -> None:
    story = stories.told().finish(MUTE, "limit", by="harness")
    assert _verdict(story, "P23-clean-window") not in ("pass", "fail")


def test_the_scenario_may_ask_for_another_window(stories: type[Stories]) -> None:
    story = stories.worked().edit("scenario", "clean_window: 1h", "clean_window: 10m")
    assert _verdict(story.say(1340, "All clear.", "ic-1").finish(MUTE), "P23-clean-window") == "pass"


# --- the runbook --------------------------------------------------------------------------------------


def test_every_step_of_the_runbook(stories: type[Stories]) -> None:
    assert _verdict(stories.golden(), "P36-runbook-steps") == "pass"
    story = stories.told().unseal(738).green(740, since=739).verify(760).finish(MUTE, "limit")
    steps = {line.step: line.state for line in story.review().steps}
    assert steps["check-discovery"] == "skipped"
    assert steps["unseal"] == "done"
    assert _verdict(story, "P36-runbook-steps") == "fail"


def test_a_command_that_failed_fails_its_step(stories: type[Stories]) -> None:
    story = stories.told().diagnose(275)
    for number in (1, 2):
        story.run(737 + number, f'bao operator unseal "$(cat ~/unseal-keys/{number})"', exit_code=number - 1)
    steps = {line.step: line.state for line in story.finish(MUTE, "limit", by="harness").review().steps}
    assert (steps["check-seal"], steps["unseal"]) == ("done", "failed")


def test_a_step_after_its_time_is_out_of_order(stories: type[Stories]) -> None:
    story = stories.told().run(275, "bao status", exit_code=2).unseal(738).green(740, since=739)
    story.run(760, "teams").run(770, "resolve _vault._tcp.platform.test SRV")
    steps = {line.step: line.state for line in story.finish(MUTE, "limit").review().steps}
    assert steps["check-workloads"] == "out of order"


def test_a_change_that_helped_and_is_in_no_runbook_is_missing(stories: type[Stories]) -> None:
    story = stories.told().diagnose(275).run(700, "bao operator rescue --now").green(702, since=701)
    steps = story.finish(MUTE, "limit").review().steps
    assert [line.title for line in steps if line.state == "missing"] == ["bao operator rescue --now"]


def test_steps_that_the_story_calls_for_come_in_time(stories: type[Stories]) -> None:
    assert _verdict(stories.golden(), "P36-expected-steps") == "pass"
    late = (
        stories.told().diagnose(275).unseal(1936).green(1938, since=1937).verify(1960).finish(MUTE, "limit")
    )
    assert _verdict(late, "P36-expected-steps") == "fail"


# --- the gate -----------------------------------------------------------------------------------------


def test_a_failed_finding_or_a_late_recovery_fails_the_gate(stories: type[Stories]) -> None:
    judged = stories.worked().say(830, "All clear.", "ic-1").finish(MUTE).review()
    assert (judged.gate.verdict, judged.outcome) == ("fail", "failed")
    strict = stories.golden().edit("scenario", "TTR: 30m", "TTR: 5m").review()
    assert strict.gate.verdict == "fail"
    assert any("TTR" in reason for reason in strict.gate.reasons)


def test_what_was_not_over_is_unknown_and_no_pass(stories: type[Stories]) -> None:
    judged = stories.golden().edit("scenario", "TTR: 30m", "claim error: 1s").review()
    assert judged.gate.verdict == "fail"
    other = stories.told().finish(1000, "limit", by="harness").review()
    assert other.gate.verdict != "pass"
    assert other.outcome == "failed"


# --- T03, on a replica that monitors itself ------------------------------------------------------------


def test_an_alert_that_never_came_is_monitoring_s_failure_not_people_s(stories: type[Stories]) -> None:
    story = stories.new().fault(60).red(61, since=60).effective(61)
    story.add(165, AlertMissing("page-login-fails", "vault", 30.0)).finish(MUTE, "limit", by="harness")
    found = story.finding("T03-monitoring-pages")
    assert found is not None
    assert (found.verdict, found.severity, found.minutes_to_recovery) == ("fail", "major", None)
    assert found.detail == (
        "Monitoring sent no alert of vault, not even 30 s after the page was due: nobody was paged."
    )
    assert found.where is not None
    line = story.inputs["scenario"].splitlines()[found.where.line - 1]
    assert "page-login-fails" in line
    assert _verdict(story, "T03-page-acknowledged") == "none"
    rated = {rating.capability: rating for rating in story.review().ratings}
    assert "T03-monitoring-pages" in rated["Detect"].because
    assert "Acknowledge" not in rated or "T03-monitoring-pages" not in rated["Acknowledge"].because


def test_an_alert_that_came_is_no_finding(stories: type[Stories]) -> None:
    assert _verdict(stories.golden(), "T03-monitoring-pages") == "none"

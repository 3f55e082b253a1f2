"""Which step a command belongs to, and how each step went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blackstart import events as ev

if TYPE_CHECKING:
    from tests.review.conftest import Stories, Story


def _states(story: Story) -> dict[str, str]:
    judged = story.finish(9000, "limit", by="harness").review()
    return {line.step or line.title: line.state for line in judged.steps}


def test_a_look_before_the_fix_is_diagnosis_however_often(stories: type[Stories]) -> None:
    states = _states(stories.told().run(275, "bao status", exit_code=2).run(300, "bao status", exit_code=2))
    assert (states["check-seal"], states["verify-seal"]) == ("done", "skipped")


def test_the_same_look_after_the_fix_is_verification(stories: type[Stories]) -> None:
    story = stories.told().diagnose(275).unseal(700).green(702, since=701).run(760, "bao status")
    states = _states(story)
    assert (states["check-seal"], states["verify-seal"]) == ("done", "done")


def test_a_step_done_too_late_is_out_of_order(stories: type[Stories]) -> None:
    story = stories.told().unseal(700).green(702, since=701).verify(760).diagnose(900)
    states = _states(story)
    assert states["check-seal"] == states["check-discovery"] == "out of order"
    assert states["unseal"] == "done"


def test_reads_of_one_section_have_no_order(stories: type[Stories]) -> None:
    story = stories.told().run(275, "teams").run(280, "bao status", exit_code=2)
    assert (_states(story)["check-seal"], _states(stories.told().run(275, "teams"))["check-workloads"]) == ("done", "done")  # fmt: skip


def test_an_exit_code_that_the_runbook_does_not_expect_fails_the_step(stories: type[Stories]) -> None:
    judged = stories.told().run(275, "bao status", exit_code=1).review()
    line = next(one for one in judged.steps if one.step == "check-seal")
    assert line.state == "failed"
    assert "exit code 1" in line.reason


def test_a_retry_that_succeeds_is_done(stories: type[Stories]) -> None:
    story = stories.told().diagnose(275).run(700, 'bao operator unseal "$(cat ~/unseal-keys/1)"')
    story.run(702, 'bao operator unseal "$(cat ~/unseal-keys/2)"', exit_code=2)
    story.run(710, "vault operator unseal $(cat ~/unseal-keys/3)").green(712, since=711)
    assert _states(story)["unseal"] == "done"


def test_half_a_step_is_not_done(stories: type[Stories]) -> None:
    story = stories.told().diagnose(275).run(700, 'bao operator unseal "$(cat ~/unseal-keys/1)"')
    assert _states(story)["unseal"] == "skipped"


def test_a_command_that_never_ended_is_not_done(stories: type[Stories]) -> None:
    assert _states(stories.told().run(275, "teams", exit_code=None))["check-workloads"] == "skipped"


def test_what_helped_and_stands_in_no_step_is_missing(stories: type[Stories]) -> None:
    story = stories.told().diagnose(275).run(700, "kill -9 4711").green(702, since=701)
    judged = story.finish(9000, "limit").review()
    missing = [line for line in judged.steps if line.state == "missing"]
    assert [line.title for line in missing] == ["kill -9 4711"]


def test_what_did_not_help_is_not_missing(stories: type[Stories]) -> None:
    story = stories.told().diagnose(275).run(400, "kill -9 4711").unseal(700).green(702, since=701)
    assert "kill -9 4711" not in _states(story)


def test_the_audit_lines_of_a_step_stand_beside_it(stories: type[Stories]) -> None:
    story = stories.told().run(275, "bao status", exit_code=2)
    seen = ev.AuditSeen("vault", "read", "sys/seal-status", "sme-1", "", "2026-04-26T15:34:35.250000000Z")
    other = ev.AuditSeen("vault", "read", "sys/seal-status", "ic-1", "", "2026-04-26T15:34:35.250000000Z")
    events = story.add(276, seen, "sme-1", "audit").add(276, other, "ic-1", "audit").events()
    from blackstart.review import review

    line = next(one for one in review(events).steps if one.step == "check-seal")
    assert line.audit == [event.seq for event in events if event.body == seen]

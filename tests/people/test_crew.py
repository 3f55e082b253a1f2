"""Crews as they play: the shipped five on the first story, and the player's own rules."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackstart.claims import claimed_roles, claims_all_clear, claims_fixed
from blackstart.crew import Crew
from blackstart.events import CommandStarted, Event, StatusPosted, ThreadPosted
from blackstart.people.crew import LOOK_S, jitter

if TYPE_CHECKING:
    from tests.people.conftest import Kit, Rehearsal

CREWS = ("by-the-book", "fix-first", "hasty", "silent", "slow")
SEEDS = range(1, 16)
SCRIPTED = ("page.acked", "thread.posted", "thread.pinned", "status.posted")


def instants(rehearsal: Rehearsal) -> list[tuple[float, str, str]]:
    """What the crew did by its script: every message and the first command of each section."""
    found = []
    previous = ""
    for event in rehearsal.play():
        if event.kind in SCRIPTED or (
            event.kind == "command.started" and not previous.startswith("command.")
        ):
            found.append((event.drill_s, event.actor, event.kind))
        if event.kind != "probe.changed":
            previous = event.kind
    return found


def posts(events: list[Event], channel: str = "incident") -> Iterator[tuple[float, str, str]]:
    for event in events:
        if isinstance(event.body, ThreadPosted) and event.body.channel == channel and not event.body.bot:
            yield event.drill_s, event.actor, event.body.text.shown


def commands(events: list[Event]) -> list[tuple[float, str]]:
    return [(e.drill_s, e.body.line.shown) for e in events if isinstance(e.body, CommandStarted)]


def first(events: list[Event], kind: str) -> float:
    return next(event.drill_s for event in events if event.kind == kind)


def restored_s(events: list[Event]) -> float:
    return max(event.drill_s for event in events if event.kind == "probe.changed")


# --- the same seed, the same instants ---------------------------------------------------------------


@pytest.mark.parametrize("name", CREWS)
def test_the_same_seed_gives_the_same_instants_however_long_commands_take(kit: Kit, name: str) -> None:
    fast, slow = (instants(kit.rehearsal(name, seed=3, real_s=real_s)) for real_s in (0.01, 2.9))
    assert fast == slow
    assert all(drill_s == int(drill_s) for drill_s, _, _ in fast)


@pytest.mark.parametrize("name", CREWS)
def test_nothing_is_due_while_a_section_may_still_run(kit: Kit, name: str) -> None:
    for seed in range(1, 100):
        rehearsal = kit.rehearsal(name, seed, real_s=0.0)
        sections = {at for at, _, kind in instants(rehearsal) if kind == "command.started"}
        due = sorted({event.drill_s for event in rehearsal.stage.history.events} | {420.0, 435.0})
        for section in sections:
            assert next((at for at in due if at > section), section + LOOK_S) - section >= LOOK_S


@pytest.mark.parametrize("name", CREWS)
def test_another_seed_gives_other_instants_in_the_same_order(kit: Kit, name: str) -> None:
    one, other = (instants(kit.rehearsal(name, seed=seed)) for seed in (1, 2))
    assert one != other
    assert sorted(move[1:] for move in one) == sorted(move[1:] for move in other)


@given(st.integers(), st.text(max_size=10), st.integers(0, 100), st.floats(0, 10_000))
def test_jitter_keeps_to_its_bound_and_to_its_seed(seed: int, move: str, turn: int, most_s: float) -> None:
    moved = jitter(seed, move, turn, most_s)
    assert abs(moved) <= most_s
    assert moved == jitter(seed, move, turn, most_s)


def test_jitter_reaches_both_ends() -> None:
    assert {jitter(seed, "fix", 0, 2.9) for seed in range(100)} == {-2, -1, 0, 1, 2}


# --- the five, and what their label promises --------------------------------------------------------


@pytest.fixture(params=SEEDS)
def seed(request: pytest.FixtureRequest) -> int:
    number: int = request.param
    return number


def test_by_the_book_keeps_every_deadline(kit: Kit, seed: int) -> None:
    events = kit.rehearsal("by-the-book", seed).play()
    thread = list(posts(events))
    delivered = first(events, "page.delivered")
    acked = first(events, "page.acked")
    assert 30 <= acked - delivered <= 50
    assert thread[0][2].startswith(f"{kit.incident} acknowledged. Investigating VaultLoginFailing")
    assert thread[0][0] - delivered <= 120
    assert first(events, "thread.pinned") == thread[0][0]
    claimed = {role: at for at, _, text in thread for role in claimed_roles(text, kit.protocol)}
    assert claimed.keys() == {"ic", "sme", "comms"}
    assert max(claimed.values()) - acked <= 150
    fixed = [at for at, _, text in thread if claims_fixed(text, kit.protocol)]
    clear = [at for at, _, text in thread if claims_all_clear(text, kit.protocol)]
    restored = restored_s(events)
    assert 9 * 60 <= restored - 61 <= 12.5 * 60
    assert 30 <= fixed[0] - restored <= 180
    assert len(clear) == 1
    assert 3610 <= clear[0] - restored <= 3900


def test_by_the_book_updates_within_the_cadence_of_each_phase(kit: Kit, seed: int) -> None:
    events = kit.rehearsal("by-the-book", seed).play()
    restored = restored_s(events)
    spoken = [at for at, _, _ in posts(events)]
    active = [at for at in spoken if at <= restored]
    assert max(b - a for a, b in zip(active, [*active[1:], restored], strict=True)) <= 840
    observing = [restored, *(at for at in spoken if at > restored)]
    assert observing[1] - observing[0] <= 240
    assert max(b - a for a, b in pairwise(observing)) <= 1740


def test_by_the_book_reads_speaks_and_only_then_changes(kit: Kit, seed: int) -> None:
    events = kit.rehearsal("by-the-book", seed).play()
    lines = [line for _, line in commands(events)]
    assert lines == [
        command.text for step in kit.runbook.steps for command in step.commands
    ]  # every step, in the runbook's order
    first_change = next(at for at, line in commands(events) if "unseal" in line)
    assert sum(at < first_change for at, _, _ in posts(events)) >= 5


def test_by_the_book_answers_a_team_where_it_asks_with_a_link(kit: Kit, seed: int) -> None:
    events = kit.rehearsal("by-the-book", seed).play()
    question = next(e.body for e in events if isinstance(e.body, ThreadPosted) and e.body.bot)
    answer = next(e for e in events if isinstance(e.body, ThreadPosted) and e.body.reply_to)
    assert isinstance(answer.body, ThreadPosted)
    assert (answer.body.channel, answer.body.reply_to) == ("#payments", question.message)
    assert f"#incident ({kit.incident})" in answer.body.text.shown
    assert answer.drill_s - 420 <= 60


def test_updates_are_in_the_protocols_form_with_a_stamp_of_that_minute(kit: Kit, seed: int) -> None:
    for name in ("by-the-book", "hasty", "fix-first", "slow"):
        rehearsal = kit.rehearsal(name, seed)
        updates = [(at, text) for at, _, text in posts(rehearsal.play()) if "STATUS UPDATE" in text]
        assert updates
        for at, text in updates:
            head, *fields = text.split("\n")
            assert head == f"[{kit.hour(at)} UTC] STATUS UPDATE — {kit.incident}"
            assert [field.partition(":")[0] for field in fields] == kit.protocol.updates.fields


@pytest.mark.parametrize("name", ["by-the-book", "fix-first", "hasty", "slow"])
def test_the_status_page_has_every_phase_in_order(kit: Kit, name: str, seed: int) -> None:
    events = kit.rehearsal(name, seed).play()
    phases = [e.body.phase for e in events if isinstance(e.body, StatusPosted)]
    assert phases == kit.protocol.status_page.phases


def test_silent_fixes_and_says_nothing(kit: Kit, seed: int) -> None:
    events = kit.rehearsal("silent", seed).play()
    assert list(posts(events)) == list(posts(events, "#payments")) == []
    assert not [e for e in events if e.kind in ("status.posted", "thread.pinned")]
    assert first(events, "page.acked") - 135 <= 60
    assert [line for _, line in commands(events)] == [c.text for s in kit.runbook.steps for c in s.commands]


def test_fix_first_changes_before_any_word_and_any_read(kit: Kit, seed: int) -> None:
    events = kit.rehearsal("fix-first", seed).play()
    changed, line = commands(events)[0]
    assert line.startswith("bao operator unseal")
    spoken = next(posts(events))[0]
    assert 60 <= spoken - changed
    assert spoken - 135 <= 270


def test_slow_misses_page_word_answer_and_roles_and_nothing_else(kit: Kit, seed: int) -> None:
    events = kit.rehearsal("slow", seed).play()
    assert first(events, "page.escalated") == 435.0
    acked = first(events, "page.acked")
    assert 465 <= acked <= 485
    thread = list(posts(events))
    assert 435 + 330 <= thread[0][0] <= 61 + 870  # late by either tier's page, before silence makes teams ask
    claimed = {role: at for at, _, text in thread for role in claimed_roles(text, kit.protocol)}
    assert min(claimed.values()) - thread[0][0] >= 320
    answered = next(posts(events, "#payments"))[0]
    assert answered >= max(420 + 150, thread[0][0])
    assert restored_s(events) - 61 <= 28 * 60


def test_hasty_gives_the_all_clear_at_once(kit: Kit, seed: int) -> None:
    events = kit.rehearsal("hasty", seed).play()
    clear = [at for at, _, text in posts(events) if claims_all_clear(text, kit.protocol)]
    assert len(clear) == 1
    assert clear[0] - restored_s(events) <= 200
    assert max(event.drill_s for event in events) == clear[0]


@pytest.mark.parametrize("name", CREWS)
def test_nobody_says_fixed_while_anything_is_red(kit: Kit, name: str, seed: int) -> None:
    events = kit.rehearsal(name, seed).play()
    too_early = [
        text
        for at, _, text in posts(events)
        if at < restored_s(events)
        and (claims_fixed(text, kit.protocol) or claims_all_clear(text, kit.protocol))
    ]
    assert too_early == []


# --- the player's own rules -------------------------------------------------------------------------


def crew(*moves: dict[str, Any], **changes: Any) -> Crew:
    whole: dict[str, Any] = {
        "kind": "crew",
        "title": "t",
        "about": "a",
        "participants": [{"id": "sme-1", "on_call": 1}, {"id": "ic-1", "on_call": 2}],
        "moves": [{"who": "sme-1", "do": "post", "text": move["id"], **move} for move in moves],
        "expect": [],
    }
    return Crew.model_validate(whole | changes)


def said(rehearsal: Rehearsal, until_s: float = 9000.0) -> list[tuple[float, str]]:
    return [(at, text) for at, _, text in posts(rehearsal.play(until_s))]


def test_moves_are_chained_from_scripted_instants(kit: Kit) -> None:
    moves = crew(
        {"id": "look", "after": "page", "wait": "10s", "do": "runbook", "section": "diagnosis"},
        {"id": "tell", "after": "look", "wait": "20s"},
    )
    assert said(kit.rehearsal(moves, real_s=5.0)) == [(165.0, "tell")]


def test_what_comes_late_is_done_late_and_what_follows_is_on_time(kit: Kit) -> None:
    moves = crew(
        {"id": "look", "after": "page", "wait": "10s", "do": "runbook", "section": "diagnosis"},
        {"id": "tell", "after": "look", "wait": "20s"},
        {"id": "more", "after": "tell", "wait": "60s"},
    )
    assert said(kit.rehearsal(moves, real_s=10.0)) == [(175.0, "tell"), (225.0, "more")]


def test_a_page_sets_off_the_moves_of_who_gets_it(kit: Kit) -> None:
    moves = crew(
        {"id": "first", "after": "page", "wait": "5s"},
        {"id": "second", "after": "page", "wait": "5s", "who": "ic-1"},
    )
    assert said(kit.rehearsal(moves)) == [(140.0, "first"), (440.0, "second")]


def test_a_second_page_about_the_same_trouble_is_acknowledged_and_no_more(kit: Kit) -> None:
    moves = crew(
        {"id": "take", "after": "page", "wait": "5s", "do": "acknowledge"},
        {"id": "tell", "after": "page", "wait": "9s"},
    )
    rehearsal = kit.rehearsal(moves)
    rehearsal.stage.at(200.0, "page again", rehearsal.page)
    assert said(rehearsal) == [(144.0, "tell")]
    assert [e.drill_s for e in rehearsal.stage.of("page.acked")] == [140.0, 205.0]


def test_restoration_is_seen_at_the_next_look(kit: Kit) -> None:
    rehearsal = kit.rehearsal(crew({"id": "see", "after": "restored"}))
    rehearsal.stage.at(200.4, "by itself", lambda: kit.open_vault(rehearsal))
    assert said(rehearsal) == [(210.0, "see")]


def test_restoration_that_nobody_was_paged_for_is_nobodys_business(kit: Kit) -> None:
    rehearsal = kit.rehearsal(crew({"id": "see", "after": "restored"}))
    rehearsal.stage.at(100.0, "by itself", lambda: kit.open_vault(rehearsal))
    assert said(rehearsal) == []


def test_a_flap_between_two_looks_is_not_seen(kit: Kit) -> None:
    rehearsal = kit.rehearsal(crew({"id": "see", "after": "restored"}))
    rehearsal.stage.at(200.0, "green", lambda: kit.open_vault(rehearsal))
    rehearsal.stage.at(205.0, "red", rehearsal.seal)
    rehearsal.stage.at(300.0, "green", lambda: kit.open_vault(rehearsal))
    assert said(rehearsal) == [(315.0, "see")]


def test_when_it_breaks_again_what_was_planned_for_afterwards_is_off(kit: Kit) -> None:
    moves = crew(
        {"id": "take", "after": "page", "wait": "5s"}, {"id": "clear", "after": "restored", "wait": "1h"}
    )
    rehearsal = kit.rehearsal(moves)
    rehearsal.stage.at(200.0, "green", lambda: kit.open_vault(rehearsal))
    rehearsal.stage.at(1000.0, "red", rehearsal.seal)
    rehearsal.stage.at(1060.0, "page", rehearsal.page)
    rehearsal.stage.at(1200.0, "green", lambda: kit.open_vault(rehearsal))
    assert said(rehearsal) == [(140.0, "take"), (1065.0, "take"), (4815.0, "clear")]


def test_a_repeated_move_goes_on_until_its_end(kit: Kit) -> None:
    moves = crew(
        {"id": "update", "after": "page", "wait": "10s", "every": "1m", "until": "restored"},
        {"id": "once", "after": "update", "wait": "1s"},
    )
    rehearsal = kit.rehearsal(moves)
    rehearsal.stage.at(250.0, "green", lambda: kit.open_vault(rehearsal))
    assert said(rehearsal) == [(145.0, "update"), (146.0, "once"), (205.0, "update")]


def test_each_question_is_answered_where_it_stands(kit: Kit) -> None:
    rehearsal = kit.rehearsal(crew({"id": "answer", "after": "question", "wait": "5s", "text": "see {link}"}))
    rehearsal.stage.at(500.0, "again", rehearsal.ask)
    events = rehearsal.play()
    assert list(posts(events, "#payments")) == [
        (425.0, "sme-1", f"see #incident ({kit.incident})"),
        (505.0, "sme-1", f"see #incident ({kit.incident})"),
    ]


def test_a_section_stops_at_a_command_that_goes_wrong(kit: Kit) -> None:
    moves = crew({"id": "fix", "after": "page", "do": "runbook", "section": "fix"})
    rehearsal = kit.rehearsal(moves)
    unseal = kit.runbook.section("fix")[0].commands
    rehearsal.shells["sme-1"].exit_codes[unseal[0].text] = 2
    assert [line for _, line in commands(rehearsal.play())] == [unseal[0].text]


def test_an_exit_code_that_the_runbook_accepts_is_no_failure(kit: Kit) -> None:
    moves = crew({"id": "look", "after": "page", "do": "runbook", "section": "diagnosis"})
    rehearsal = kit.rehearsal(moves)
    rehearsal.shells["sme-1"].exit_codes["bao status"] = 2
    assert len(commands(rehearsal.play())) == 3


def test_a_single_command_and_a_later_pin(kit: Kit) -> None:
    moves = crew(
        {"id": "too-early", "after": "page", "do": "pin"},
        {"id": "look", "after": "page", "wait": "5s", "do": "command", "text": "bao status"},
        {"id": "tell", "after": "page", "wait": "10s"},
        {"id": "pin", "after": "tell", "wait": "5s", "do": "pin"},
    )
    rehearsal = kit.rehearsal(moves)
    assert commands(rehearsal.play()) == [(140.0, "bao status")]
    assert [e.drill_s for e in rehearsal.stage.of("thread.pinned")] == [150.0]


def test_texts_are_true_when_they_are_posted(kit: Kit) -> None:
    moves = crew(
        {"id": "tell", "after": "page", "text": "{symptom} / {impact} / {suspect} / next {next_update}"},
        {"id": "after", "after": "restored", "text": "{impact} / {suspect} / next {next_update}"},
    )
    rehearsal = kit.rehearsal(moves)
    rehearsal.stage.at(600.0, "green", lambda: kit.open_vault(rehearsal))
    assert said(rehearsal) == [
        (
            135.0,
            "VaultLoginFailing: machine logins have failed for 1 minute (503) / ship and authenticate fail: "
            "new deploys and logins do not work. payments, orders and search keep serving. / vault / next 15:47",
        ),
        (615.0, "none: all probes are green / nothing that is red now / next 16:10"),
    ]

"""The loop: order, jumps, rounds on both sides of each, and what makes it look before it leaps."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from blackstart.events import ClockJumped, StageEntered

if TYPE_CHECKING:
    from tests.drill.conftest import Stand


def never() -> bool:
    return False


def test_actions_run_at_exactly_their_instants(stand: Stand) -> None:
    seen: list[tuple[str, float]] = []

    def note(name: str) -> None:
        seen.append((name, stand.conductor.now()))

    for name, instant in (("late", 900.0), ("early", 60.0), ("twin", 60.0)):
        stand.conductor.at(instant, name, partial(note, name))
    assert not stand.conductor.run_until(never, 1000.0)
    assert seen == [("early", 60.0), ("twin", 60.0), ("late", 900.0)]
    assert stand.conductor.now() == 1000.0


def test_every_jump_has_a_round_on_both_sides(stand: Stand) -> None:
    stand.time.advance(5)  # the first round is no longer fresh
    stand.conductor.run_until(never, 60.0)
    kinds = stand.kinds()
    jump = kinds.index("clock.jumped")
    assert kinds[jump - 1] == "probes.sampled"
    assert kinds[jump + 1] == "probes.sampled"
    assert stand.of("clock.jumped")[0].body == ClockJumped(0.0, 60.0)
    assert [e.drill_s for e in stand.of("probes.sampled")] == [0.0, 0.0, 60.0]


def test_a_fresh_round_is_not_repeated_before_a_jump(stand: Stand) -> None:
    stand.conductor.run_until(never, 60.0)
    assert [e.drill_s for e in stand.of("probes.sampled")] == [0.0, 60.0]


def test_an_action_that_adds_an_earlier_one_is_obeyed(stand: Stand) -> None:
    seen: list[float] = []
    stand.conductor.at(
        10.0, "first", lambda: stand.conductor.at(20.0, "second", lambda: seen.append(stand.conductor.now()))
    )
    stand.conductor.at(30.0, "third", lambda: seen.append(stand.conductor.now()))
    stand.conductor.run_until(never, 40.0)
    assert seen == [20.0, 30.0]


def test_listeners_hear_every_event_in_order_before_time_moves(stand: Stand) -> None:
    heard: list[int] = []
    stand.conductor.listeners.append(lambda event: heard.append(event.seq))
    stand.conductor.emit(StageEntered("respond"), actor="harness", source="harness")
    stand.conductor.run_until(never, 30.0)
    assert heard == [event.seq for event in stand.record.events]


def test_done_ends_the_loop_at_once(stand: Stand) -> None:
    stand.conductor.at(10.0, "never reached", lambda: None)
    assert stand.conductor.run_until(lambda: True, 100.0)
    assert stand.conductor.now() == 0.0


def test_a_change_is_watched_before_time_jumps(stand: Stand) -> None:
    """After a fix the probe turns green within the second: its edge is seen in real time, not after a jump."""
    vault = stand.probes["vault"]
    vault.turn("red", "503")
    stand.conductor.probes().round()
    vault.turns_after = 3
    stand.conductor.at(10.0, "fix", stand.conductor.effect_pending)
    stand.conductor.run_until(never, 600.0)
    green = stand.of("probe.changed")[-1]
    assert (green.actor, green.drill_s) == ("vault", 10.05)
    assert stand.of("clock.jumped")[-1].body == ClockJumped(10.05, 600.0)


def test_watch_gives_up_after_its_real_seconds(stand: Stand) -> None:
    assert not stand.conductor.watch(never, 1.0)
    assert stand.conductor.now() == 1.0
    assert stand.time.now().mono_ns == 1_000_000_000


def test_watch_ends_as_soon_as_it_sees(stand: Stand) -> None:
    looks = iter([False, False, True])
    assert stand.conductor.watch(lambda: next(looks), 60.0)
    assert stand.conductor.now() == 0.1


def test_time_stands_still_outside_real_work(stand: Stand) -> None:
    stand.time.advance(100)
    assert stand.conductor.now() == 0.0
    with stand.conductor.real():
        stand.time.advance(2.5)
    assert stand.conductor.now() == 2.5

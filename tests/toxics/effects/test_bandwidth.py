from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.toxics.conftest import Line


def test_a_piece_leaves_when_the_line_has_carried_it(line: Line) -> None:
    """A kilobyte is 1,000 bytes, so a kilobyte a second is a byte a millisecond."""
    line.add("bandwidth", rate=10)
    line.send(b"x" * 50, 0)
    line.send(b"y" * 100, 0)
    line.run(1_000)
    assert line.arrived == [(5, b"x" * 50), (15, b"y" * 100)]


def test_a_large_piece_leaves_in_parts_of_100_ms(line: Line) -> None:
    line.add("bandwidth", rate=1)
    line.send(bytes(range(250)), 0)
    line.run(10_000)
    assert line.arrived == [
        (100, bytes(range(100))),
        (200, bytes(range(100, 200))),
        (250, bytes(range(200, 250))),
    ]


def test_480_kilobytes_at_1000_a_second(line: Line) -> None:
    content = bytes(range(240)) * 2_000
    line.add("bandwidth", rate=1_000)
    sent = 0
    for ms in range(1_000):
        line.run(ms)
        while sent < len(content) and line.chain.room():
            line.send(content[sent : sent + 32_768], ms)
            sent += 32_768
    assert line.bytes == content
    assert line.arrived[-1][0] == 480


def test_an_idle_line_saves_nothing_up(line: Line) -> None:
    line.add("bandwidth", rate=1)
    line.send(b"x" * 10, 0)
    line.run(500)
    line.send(b"y" * 10, 500)
    line.run(1_000)
    assert line.arrived == [(10, b"x" * 10), (510, b"y" * 10)]


def test_the_end_comes_after_the_bytes(line: Line) -> None:
    line.add("bandwidth", rate=1)
    line.send(b"x" * 10, 0)
    line.end(0)
    line.run(9)
    assert line.arrived == []
    line.run(10)
    assert line.arrived == [(10, b"x" * 10), (10, "end")]


def test_it_holds_the_sender_back(line: Line) -> None:
    line.add("bandwidth", rate=1)
    line.send(bytes(65_536), 0)
    assert not line.chain.room()


def test_a_receiver_that_did_not_read_gets_no_burst(line: Line) -> None:
    line.add("bandwidth", rate=1)
    line.sink.full = True
    line.send(bytes(300), 0)
    line.run(5_000)
    assert line.arrived == []
    line.sink.full = False
    line.run(6_000)
    line.run(9_999)
    assert [when for when, _ in line.arrived] == [6_000, 6_100, 6_200]


def test_a_new_rate_holds_for_what_waits(line: Line) -> None:
    toxic = line.add("bandwidth", rate=1)
    line.send(bytes(1_000), 0)
    line.change(toxic, 100, rate=1_000)
    line.run(10_000)
    assert [when for when, _ in line.arrived] == [100, 100.9]


def test_removed_the_rest_goes_at_once(line: Line) -> None:
    toxic = line.add("bandwidth", rate=1)
    line.send(bytes(1_000), 0)
    line.remove(toxic, 150)
    assert [(when, len(data)) for when, data in line.arrived] == [(100, 100), (150, 900)]

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.toxics.conftest import Line


def test_everything_passes_at_once_and_whole(line: Line) -> None:
    line.add("noop")
    line.send(b"one", 5)
    line.send(b"two", 7)
    line.end(9)
    assert line.arrived == [(5, b"one"), (7, b"two"), (9, "end")]

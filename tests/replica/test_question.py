"""A question is bounded as a whole: an answer that dribbles in for longer than it may take is none."""

from __future__ import annotations

from itertools import count

import pytest

from blackstart.checks import from_label
from blackstart.replica import probing
from blackstart.replica.asking import Refused
from blackstart.replica.base import Completed
from blackstart.replica.probing import question


class _At:
    def __init__(self, at_s: float) -> None:
        self.at_s = at_s

    def seconds_since(self, other: _At) -> float:
        return self.at_s - other.at_s


class _Hours:
    """An hour passes between two looks at the clock."""

    def __init__(self) -> None:
        self._looks = count()

    def now(self) -> _At:
        return _At(next(self._looks) * 3600.0)


class _Content:
    """Every command ends well, everywhere."""

    def address(self, component: str, port: int | None) -> tuple[str, int]:
        raise AssertionError

    def run(self, component: str, argv: list[str], limit_s: float) -> Completed:
        return Completed(0, "", "")

    def setting(self, component: str, variable: str) -> str:
        raise AssertionError


def test_an_answer_that_comes_whole_but_late_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "SystemTime", _Hours)
    ask = question(from_label("exec true"), "it", _Content())
    ask(3601.0)
    with pytest.raises(Refused, match=r"^no whole answer within 3599000 ms$"):
        ask(3599.0)

"""The program that restarts a container over and over, with a docker that is a script."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import pytest

from blackstart.faults.container.programs.restarting import arguments, once

if TYPE_CHECKING:
    from blackstart.replica.programs.container import Container


@dataclass
class Scripted:
    """How many containers it meets; -1: docker refuses."""

    ended: int = 0
    running: int = 0
    calls: list[str] = field(default_factory=list)

    def start(self) -> int:
        return self._met("start", self.ended)

    def tell(self, signal: str) -> int:
        return self._met(signal, self.running)

    def _met(self, call: str, count: int) -> int:
        self.calls.append(call)
        if count < 0:
            raise OSError("docker refuses")
        return count


@pytest.mark.parametrize(
    ("met", "goes_on"),
    [
        (Scripted(ended=1, running=1), True),
        (Scripted(ended=0, running=1), True),
        (Scripted(ended=1, running=0), True),
        (Scripted(ended=0, running=0), False),
        (Scripted(ended=-1, running=0), True),
        (Scripted(ended=0, running=-1), True),
    ],
)
def test_it_goes_on_as_long_as_there_may_be_one(met: Scripted, goes_on: bool) -> None:
    assert once(cast("Container", met), 0.0, 0.0) is goes_on
    assert met.calls == ["start", "KILL"]


WHOSE = ["--docker", "unix:///x", "--drill", "d", "--component", "db"]


def test_its_words() -> None:
    read = arguments([*WHOSE, "--alive", "3", "--pause", "1.5"])
    assert (read.docker, read.drill, read.component, read.alive, read.pause) == (
        "unix:///x",
        "d",
        "db",
        3,
        1.5,
    )


def test_it_must_be_told_whose(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        arguments(["--alive", "3", "--pause", "1.5"])
    assert "--docker" in capsys.readouterr().err

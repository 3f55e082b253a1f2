"""Records to read, check and damage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from blackstart.clock import Stamp
from blackstart.events import SCHEMA, Body, DrillOpened, FreeText, StageEntered, ThreadPosted
from blackstart.record.store import Record

Write = Callable[..., list[Body]]

STAMP = Stamp("2026-04-26T15:30:00.000000Z", "2026-04-26T15:30:00.000000Z", 1, 0.0)


@pytest.fixture(scope="session")
def stamp() -> Stamp:
    return STAMP


@pytest.fixture(scope="session")
def write() -> Write:
    """Write a record of so many events into a folder, closed or not; gives the bodies."""

    def writing(folder: Path, count: int = 5, *, close: bool = True) -> list[Body]:
        bodies = _bodies(count)
        record = Record.create(folder)
        for body in bodies:
            record.append(body, stamp=STAMP, actor="harness", source="harness")
        if close:
            record.close(STAMP)
        else:
            record.leave()
        return bodies

    return writing


def _bodies(count: int) -> list[Body]:
    drill = "INC-2026-04-26-001"
    first = DrillOpened(drill, SCHEMA, "0", "s.yaml", "crew", 1, "local", "jump", 1.0, STAMP.at, 1.0, [], [])
    bodies: list[Body] = [first]
    for number in range(1, count):
        if number % 2:
            bodies.append(ThreadPosted(f"m-{number}", "incident", FreeText.of(f"word {number}: ünïcode")))
        else:
            bodies.append(StageEntered(f"stage {number}"))
    return bodies

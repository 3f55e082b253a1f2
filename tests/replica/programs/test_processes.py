from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from blackstart.replica.programs import processes
from blackstart.replica.programs.processes import COMPONENT, LABEL, Carried

LOOKS = 300


@pytest.fixture
def carried(tmp_path: Path) -> Carried:
    return f"test-{tmp_path}", "it"


@pytest.fixture
def always_another(tmp_path: Path, carried: Carried) -> Iterator[int]:
    """A process that becomes another program all the time, which has no environment while it does."""
    program = tmp_path / "another"
    program.write_text(f"#!/bin/sh\nexec {program}\n", "utf-8")
    program.chmod(0o755)
    with subprocess.Popen([program], env={LABEL: carried[0], COMPONENT: carried[1]}) as process:
        yield process.pid
        process.kill()


def test_one_that_becomes_another_program_lives_all_the_time(always_another: int, carried: Carried) -> None:
    began = processes.began(always_another)
    assert began is not None
    assert all(processes.lives(always_another, began, carried) for _ in range(LOOKS))


def test_one_that_becomes_another_program_is_found_each_time(always_another: int, carried: Carried) -> None:
    assert [processes.of(carried) for _ in range(LOOKS // 10)] == [[always_another]] * (LOOKS // 10)


def test_one_without_any_environment_is_nobodys(carried: Carried) -> None:
    with subprocess.Popen(["sleep", "600"], env={}) as process:
        began = processes.began(process.pid)
        assert began is not None
        assert not processes.lives(process.pid, began, carried)
        process.kill()

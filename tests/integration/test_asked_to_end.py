"""Ways in which people end a drill: late, from another terminal, by closing the window."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blackstart import watchdog
from blackstart.drill.folder import label_of
from blackstart.faults.ledger import Ledger
from blackstart.record.ids import known

from .conftest import PROGRAM, ROOT, SCENARIO, signalled
from .test_endings import await_event, drilling, ended, folder_of, recorded

if TYPE_CHECKING:
    from tests.integration.conftest import Blackstart

pytestmark = pytest.mark.replica


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """Two drills, one after the other."""
    for part in ("scenarios", "drills"):
        (tmp_path / part).mkdir()
    for story in (ROOT / "scenarios").iterdir():
        (tmp_path / "scenarios" / story.name).symlink_to(story)
    file = tmp_path / "drills" / "two.yaml"
    file.write_text("kind: plan\ntitle: Two\ndrills:\n" + "  - scenario: vault/auth-503\n" * 2)
    return file


def test_a_ctrl_c_that_comes_while_the_first_drill_closes_stops_the_plan(plan: Path, tmp_path: Path) -> None:
    reports = tmp_path / "reports"
    words = [str(PROGRAM), "run", str(plan), "--reports-dir", str(reports)]
    environment = os.environ | signalled(tmp_path, "fault.healing", signal.SIGINT)
    done = subprocess.run(
        words, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False
    )
    assert done.returncode == 4
    assert len(known(reports)) == 1


def test_abort_from_another_terminal(tmp_path: Path, blackstart: Blackstart) -> None:
    with drilling(tmp_path) as process:
        folder = folder_of(tmp_path)
        await_event(folder, "fault.effective")
        asked = blackstart("abort", "--reports-dir", tmp_path)
        out = ended(process)
    assert (asked.returncode, process.returncode) == (0, 4), asked.stderr + out
    assert "every fault is proven healed" in asked.stdout
    (how,) = [event.body.to_data()["how"] for event in recorded(folder) if event.kind == "abort.asked"]
    assert how == "command"
    assert Ledger(folder).open_rows() == []


def test_the_terminals_window_is_closed(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    words = [str(PROGRAM), "run", SCENARIO, "--pace", "30", "--reports-dir", str(tmp_path)]
    pid = os.fork()
    if pid == 0:
        os.close(ours)
        os.login_tty(theirs)
        os.chdir(ROOT)
        os.execv(PROGRAM, words)
    os.close(theirs)
    folder = folder_of(tmp_path)
    await_event(folder, "fault.effective")
    os.close(ours)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 4
    assert Ledger(folder).open_rows() == []
    assert watchdog.processes(label_of(folder)) == []


@pytest.mark.parametrize("words", [["--json"], []])
def test_a_pipe_that_nobody_reads_changes_no_exit_code(tmp_path: Path, words: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    run = [str(PROGRAM), "run", SCENARIO, "--reports-dir", str(tmp_path), *words]
    with os.fdopen(writer, "wb") as nowhere:
        done = subprocess.run(run, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=nowhere, check=False)
    assert done.returncode == 0

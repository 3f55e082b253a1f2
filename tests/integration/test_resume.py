"""A drill whose harness is killed goes on: same servers, same ports, same faults, and ends as it would have."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from blackstart import watchdog
from blackstart.drill.folder import label_of
from blackstart.faults.ledger import Ledger
from blackstart.record.reader import read
from blackstart.record.verify import verify

from .conftest import PROGRAM, ROOT, SCENARIO, altered, signalled
from .test_endings import await_event, drilling, ended, folder_of, recorded, until

if TYPE_CHECKING:
    from tests.integration.conftest import Blackstart

    from blackstart.events import Event

pytestmark = pytest.mark.replica


def killed(reports: Path, kind: str, *words: str) -> Path:
    """A drill whose harness was killed right after an event of that kind, and with it, by its watchdog, its servers."""
    return ended_at(reports, kind, "run", SCENARIO, *words)


def ended_at(reports: Path, kind: str, *words: str) -> Path:
    """The folder of the drill that this command had in hand when it was killed at that event."""
    command: list[str | Path] = [PROGRAM, *words, "--reports-dir", reports]
    environment = os.environ | signalled(reports, kind, signal.SIGKILL)
    done = run_unseen(command, environment)
    assert done == -signal.SIGKILL, f"it ended before an event {kind}"
    folder = folder_of(reports)
    until(lambda: not watchdog.processes(label_of(folder)), "the end of every server")
    return folder


def run_unseen(command: list[str | Path], environment: dict[str, str]) -> int:
    done = subprocess.run(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=environment, check=False
    )
    return done.returncode


def facts(events: list[Event], kind: str) -> list[dict[str, Any]]:
    return [event.body.to_data() for event in events if event.kind == kind]


@pytest.mark.parametrize("kind", ["fault.injected", "page.acked", "command.started"])
def test_it_goes_on_and_passes(tmp_path: Path, blackstart: Blackstart, kind: str) -> None:
    folder = killed(tmp_path, kind)
    before = recorded(folder)
    done = blackstart("resume", "latest", "--reports-dir", tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    events = read(folder)
    assert events[: len(before)] == before, "what was on record stays as it was"
    assert [event.kind for event in events].count("drill.resumed") == 1
    assert verify(folder).state == "ok"
    assert Ledger(folder).open_rows() == []
    (drill,) = json.loads(done.stdout)["drills"]
    assert (drill["outcome"], drill["failed"], drill["unknown"]) == ("passed", [], [])
    assert not watchdog.processes(label_of(folder))
    again = blackstart("resume", "latest", "--reports-dir", tmp_path)
    assert (again.returncode, "is closed" in again.stderr) == (2, True)


def test_what_was_broken_is_broken_again(tmp_path: Path, blackstart: Blackstart) -> None:
    folder = killed(tmp_path, "page.fired")
    assert not Ledger(folder).states("sealed").count("reinjected")
    done = blackstart("resume", "latest", "--reports-dir", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "reinjected" in Ledger(folder).states("sealed")
    assert [body["fault"] for body in facts(read(folder), "fault.reinjected")] == ["sealed"]


def test_in_paced_time_too_and_killed_twice(tmp_path: Path, blackstart: Blackstart) -> None:
    folder = killed(tmp_path, "page.acked", "--pace", "200")
    assert ended_at(tmp_path, "fault.reinjected", "resume", "latest") == folder
    done = blackstart("resume", "latest", "--reports-dir", tmp_path)
    assert done.returncode in (0, 1), (
        done.stderr + done.stdout
    )  # at this pace a command takes minutes of drill time
    assert verify(folder).state == "ok"
    assert Ledger(folder).open_rows() == []
    assert [event.kind for event in read(folder)].count("drill.resumed") == 2


def test_a_drill_that_runs_is_not_resumed(tmp_path: Path, blackstart: Blackstart) -> None:
    with drilling(tmp_path) as process:
        folder = folder_of(tmp_path)
        await_event(folder, "replica.up")
        done = blackstart("resume", "latest", "--reports-dir", tmp_path)
        assert (done.returncode, "is still running" in done.stderr) == (2, True)
        assert process.poll() is None
        assert recorded(folder)


INTERRUPTED = """\
from blackstart.replica.local import LocalReplica

resume_up = LocalReplica.resume_up

def interrupted(self, progress):
    os.kill(os.getpid(), signal.SIGINT)
    resume_up(self, progress)

LocalReplica.resume_up = interrupted
"""


def test_ctrl_c_while_it_is_brought_back_heals_and_closes(tmp_path: Path) -> None:
    folder = killed(tmp_path, "page.fired")
    words: list[str | Path] = [PROGRAM, "resume", "latest", "--reports-dir", tmp_path]
    assert run_unseen(words, os.environ | altered(tmp_path, INTERRUPTED)) == 4
    new = [event.kind for event in read(folder)]
    assert "fault.reinjected" not in new
    assert new[-1] == "drill.closed"
    assert verify(folder).state == "ok"
    assert Ledger(folder).open_rows() == []
    assert not watchdog.processes(label_of(folder))


def test_a_drill_that_was_aborted_is_recovered_and_not_resumed(
    tmp_path: Path, blackstart: Blackstart
) -> None:
    with drilling(tmp_path, environment=signalled(tmp_path, "abort.asked", signal.SIGKILL)) as process:
        folder = folder_of(tmp_path)
        await_event(folder, "fault.effective")
        process.send_signal(signal.SIGINT)
        ended(process)
    assert process.returncode == -signal.SIGKILL
    until(lambda: not watchdog.processes(label_of(folder)), "the end of every server")
    done = blackstart("resume", "latest", "--reports-dir", tmp_path)
    assert (done.returncode, "was aborted" in done.stderr) == (2, True)
    assert blackstart("recover", "--reports-dir", tmp_path).returncode == 0
    assert [body["fault"] for body in facts(read(folder), "fault.proven")] == ["sealed"]
    assert verify(folder).state == "ok"


def test_a_drill_that_was_recovered_is_not_resumed(tmp_path: Path, blackstart: Blackstart) -> None:
    killed(tmp_path, "page.fired")
    assert blackstart("recover", "--reports-dir", tmp_path).returncode == 0
    done = blackstart("resume", "latest", "--reports-dir", tmp_path)
    assert (done.returncode, "is closed" in done.stderr) == (2, True)

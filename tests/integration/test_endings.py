"""However a drill ends, no server and no fault outlives it, and its record can be read."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blackstart import watchdog
from blackstart.clock import SystemTime
from blackstart.drill.folder import label_of
from blackstart.faults.ledger import Ledger
from blackstart.record.reader import read

from .conftest import PROGRAM, ROOT, SCENARIO, patient, signalled

if TYPE_CHECKING:
    from tests.integration.conftest import Blackstart

    from blackstart.events import Event

pytestmark = pytest.mark.replica

MACHINE = SystemTime()


def until(what: Callable[[], bool], why: str, limit_s: float = 60.0) -> None:
    """Wait for a real thing to happen; the limit is generous, and passing it is the failure."""
    began = MACHINE.now()
    while not what():
        assert MACHINE.now().seconds_since(began) < limit_s, f"waited {limit_s:g} s in vain: {why}"
        MACHINE.sleep(0.02)


@contextmanager
def drilling(
    reports: Path, *words: str | Path, environment: Mapping[str, str] = {}
) -> Iterator[subprocess.Popen[str]]:
    """A drill in real time (it would last for minutes), ended by the test."""
    process = subprocess.Popen(
        [PROGRAM, "run", SCENARIO, "--pace", "30", "--reports-dir", reports, *words],
        cwd=ROOT,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        assert process.stdout is not None
        process.stdout.close()


def folder_of(reports: Path) -> Path:
    until(lambda: (reports / "latest").exists(), "the drill's folder")
    return (reports / "latest").resolve()


def ended(process: subprocess.Popen[str]) -> str:
    """Everything that it printed, once it has ended."""
    assert process.stdout is not None
    printed = process.stdout.read()
    process.wait()
    return printed


def recorded(folder: Path) -> list[Event]:
    return read(folder) if (folder / "record.sqlite").exists() else []


def await_event(folder: Path, kind: str) -> None:
    until(lambda: any(event.kind == kind for event in recorded(folder)), f"an event {kind}")


def test_kill_9_leaves_no_process_and_a_record_that_recovers(tmp_path: Path, blackstart: Blackstart) -> None:
    with drilling(tmp_path, environment=patient(tmp_path)) as process:
        folder = folder_of(tmp_path)
        await_event(folder, "fault.effective")
        assert watchdog.processes(label_of(folder))
        before = len(recorded(folder))
        process.kill()
        process.wait()
        until(lambda: not watchdog.processes(label_of(folder)), "the end of every server")
    assert len(recorded(folder)) >= before
    assert blackstart("verify", "latest", "--reports-dir", tmp_path).returncode == 1
    assert Ledger(folder).states("sealed")[-1] == "proven", "the watchdog's healer was at it"
    recovered = blackstart("recover", "--reports-dir", tmp_path)
    assert (recovered.returncode, "closed its record" in recovered.stdout) == (0, True), recovered.stderr
    assert blackstart("verify", "latest", "--reports-dir", tmp_path).returncode == 0
    assert blackstart("recover", "--reports-dir", tmp_path).stdout.startswith("nothing to recover")
    assert not (folder / "replica").exists()


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("kind", ["replica.up", "fault.injected", "page.acked"])
def test_a_signal_aborts_heals_and_exits_4(tmp_path: Path, name: str, kind: str) -> None:
    with drilling(tmp_path) as process:
        folder = folder_of(tmp_path)
        await_event(folder, kind)
        process.send_signal(signal.Signals[name])
        out = ended(process)
    assert process.returncode == 4, out
    events = recorded(folder)
    intended = {e.body.to_data()["fault"] for e in events if e.kind == "fault.intended"}
    proven = {e.body.to_data()["fault"] for e in events if e.kind == "fault.proven"}
    assert proven == intended
    assert events[-1].kind == "drill.closed"
    assert watchdog.processes(label_of(folder)) == []


def test_a_second_signal_does_not_skip_the_healing(tmp_path: Path) -> None:
    second = signalled(tmp_path, "fault.healing", signal.SIGTERM)
    with drilling(tmp_path, environment=second) as process:
        folder = folder_of(tmp_path)
        await_event(folder, "fault.effective")
        process.send_signal(signal.SIGINT)
        out = ended(process)
    assert process.returncode == 4, out
    assert "already ending: healing goes on, it is not skipped" in out
    assert [e.kind for e in recorded(folder) if e.kind == "fault.proven"] == ["fault.proven"]


def test_recover_leaves_a_running_drill_alone(tmp_path: Path, blackstart: Blackstart) -> None:
    with drilling(tmp_path) as process:
        folder = folder_of(tmp_path)
        await_event(folder, "replica.up")
        assert blackstart("recover", "--reports-dir", tmp_path).stdout.startswith("nothing to recover")
        assert watchdog.processes(label_of(folder))
        process.send_signal(signal.SIGTERM)
        ended(process)


def test_two_drills_side_by_side(tmp_path: Path) -> None:
    words = [str(PROGRAM), "run", SCENARIO, "--reports-dir", str(tmp_path), "--json"]
    both = [
        subprocess.Popen(words, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=os.environ)
        for _ in range(2)
    ]
    outs = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], outs
    assert len(list(tmp_path.glob("INC-*/record.sqlite"))) == 2


def test_a_fault_that_was_never_injected_is_no_pass(tmp_path: Path, blackstart: Blackstart) -> None:
    late = (ROOT / SCENARIO).read_text("utf-8").replace("at: 0s", "at: 3h")
    scenario = tmp_path / "late.yaml"
    scenario.write_text(late, "utf-8")
    ended = blackstart("run", scenario, "--root", ROOT, "--reports-dir", tmp_path / "reports")
    assert (ended.returncode, "would never be injected" in ended.stderr) == (2, True), ended.stderr


def test_output_that_cannot_be_written_ends_no_drill(tmp_path: Path) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        words = [str(PROGRAM), "run", SCENARIO, "--reports-dir", str(tmp_path)]
        ended = subprocess.run(
            words, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=full, check=False, timeout=110
        )
    assert ended.returncode == 0
    assert [e.kind for e in recorded(folder_of(tmp_path))][-1] == "drill.closed"


def test_a_server_that_ends_by_itself_is_charged_to_nobody(tmp_path: Path, nobody: Path) -> None:
    with drilling(tmp_path, "--crew", nobody) as process:  # who is at work may have ended it
        folder = folder_of(tmp_path)
        await_event(folder, "steady.reached")
        for pid in watchdog.processes(label_of(folder)):
            with suppress(OSError):  # the canary's children come and go
                if b"BLACKSTART_COMPONENT=dns\0" in Path(f"/proc/{pid}/environ").read_bytes():
                    os.kill(pid, signal.SIGKILL)
        out = ended(process)
    assert process.returncode == 3, out
    assert "dns ended by itself (exit code -9): no fault was aimed at it" in out
    assert [row.state for row in Ledger(folder).latest().values()] == ["proven"] * len(
        Ledger(folder).latest()
    )


@pytest.mark.timeout(240)
def test_a_harness_that_hangs_is_ended_and_all_is_healed(
    tmp_path: Path, blackstart: Blackstart, nobody: Path
) -> None:
    """Stopped by SIGSTOP it beats no more: when its lease is over, its watchdog takes over."""
    with drilling(tmp_path, "--crew", nobody) as process:  # while somebody's command runs the lease is longer
        folder = folder_of(tmp_path)
        await_event(folder, "fault.effective")
        process.send_signal(signal.SIGSTOP)
        until(lambda: process.poll() is not None, "the end of the harness", limit_s=110.0)
        until(lambda: not watchdog.processes(label_of(folder)), "the end of every server")
    assert process.returncode == -signal.SIGKILL
    assert blackstart("recover", "--reports-dir", tmp_path).returncode == 0
    assert Ledger(folder).open_rows() == []


def test_without_its_watchdog_a_drill_ends_in_order(tmp_path: Path) -> None:
    with drilling(tmp_path) as process:
        folder = folder_of(tmp_path)
        await_event(folder, "fault.effective")
        (guard,) = (int(pid) for pid in os.listdir("/proc") if pid.isdigit() and watches(int(pid), folder))
        os.kill(guard, signal.SIGKILL)
        out = ended(process)
    assert process.returncode == 4, out
    assert "the watchdog is gone" in out
    assert Ledger(folder).open_rows() == []


def watches(pid: int, folder: Path) -> bool:
    """Whether that process is the watchdog of the drill in that folder."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return any(word.endswith(b"watchdog.py") for word in words) and str(folder).encode() in words

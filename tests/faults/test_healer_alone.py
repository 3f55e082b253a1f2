"""The healer as the watchdog starts it: a process that knows a drill's folder and label, and servers whose harness is gone."""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from blackstart import watchdog
from blackstart.faults.catalogue import load
from blackstart.faults.ledger import Ledger
from blackstart.replica.local import LocalReplica

pytestmark = pytest.mark.replica

BROKEN = (("vault.seal", "vault"), ("process.kill", "registry"), ("process.pause", "dns"))
"""One that needs keys, one whose process is gone, one whose process answers nothing: on three components."""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A drill's folder with running servers and three faults, all of it made by an object that is thrown away."""
    label = f"test-{secrets.token_hex(6)}"
    (tmp_path / ".label").write_text(label)
    replica = LocalReplica(tmp_path / "replica", label, ["ic-1", "sme-1"])
    try:
        replica.up(lambda what, done, total: None)
        for fault, target in BROKEN:
            break_it(Ledger(tmp_path), replica, fault, target)
        yield tmp_path
    finally:
        replica.down()
        watchdog.kill(label)


def break_it(ledger: Ledger, replica: LocalReplica, name: str, target: str) -> None:
    fault = load(name)()
    undo = fault.prepare(replica, target)
    ledger.intend(name, type=name, target=target, params=fault.parameters(), undo=undo, probe=target)
    fault.inject(replica, target, undo)
    ledger.mark(name, "effective")


def heal(folder: Path) -> subprocess.CompletedProcess[str]:
    label = (folder / ".label").read_text()
    words = [sys.executable, "-P", "-m", "blackstart.faults.healer", str(folder), label]
    return subprocess.run(words, cwd="/", capture_output=True, text=True, check=False)


def test_every_fault_is_healed_and_proven_from_the_ledger_alone(folder: Path) -> None:
    ended = heal(folder)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.splitlines() == [
        f"healed the fault {fault} ({fault} on {target}): proven by {target}"
        for fault, target in reversed(BROKEN)
    ]
    assert Ledger(folder).open_rows() == []
    again = heal(folder)
    assert (again.returncode, again.stdout) == (0, "")


def test_servers_that_are_gone_are_told_and_leave_every_row_open(folder: Path) -> None:
    (folder / "replica").rename(folder / "elsewhere")
    ended = heal(folder)
    (folder / "elsewhere").rename(folder / "replica")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("its servers cannot be reached: ")
    assert len(Ledger(folder).open_rows()) == len(BROKEN)

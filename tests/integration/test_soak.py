"""Drills whose harness is killed at random instants leave nothing: the benchmark's check, a few rounds of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import ROOT, patient

pytestmark = [pytest.mark.replica, pytest.mark.timeout(600)]

SOAK = ROOT / "bench" / "soak.py"
ROUNDS = 25
LEFT_AFTER_S = 60.0
"""How soon all is gone is the benchmark's to say, on a machine of its own; here it is to be gone at all."""


def test_a_harness_that_is_killed_at_any_instant_leaves_nothing(tmp_path: Path) -> None:
    """Seeded: the same drills, faults and instants each time; what happens at them is the machine's."""
    rounds = ["--rounds", str(ROUNDS), "--seed", "4", "--deep", "1", "--left-after", str(LEFT_AFTER_S)]
    ended = subprocess.run(
        [sys.executable, SOAK, *rounds],
        cwd=ROOT,
        env=os.environ | patient(tmp_path, SOAK),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout, ended.stderr
    seen = json.loads(ended.stdout)
    assert seen["broken"] == []
    assert ended.returncode == 0, ended.stderr
    assert seen["rounds"] == ROUNDS
    zeros = ("faults_left", "events_lost", "processes_left", "records_unreadable", "not_recovered")
    assert {name: seen[name] for name in zeros} == dict.fromkeys(zeros, 0)
    assert seen["ended"]["SIGKILL"] > 0
    assert seen["events"] > 0
    assert seen["paced"] > 0
    assert seen["rows_looked_at"]["proven"] > 0, "no proof of the ledger was put to the test"
    assert seen["rows_after_kill"], "no harness was killed while something was broken: nothing was tried"

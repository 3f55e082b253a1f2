"""A real blackstart, run as its user runs it: the installed program in a process of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest

from blackstart import watchdog

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(sys.executable).with_name("blackstart")
SCENARIO = "scenarios/vault/auth-503.yaml"

CREW_OF_NOBODY = """\
kind: crew
title: Nobody who repairs anything
about: Acknowledges, and that is all.
participants:
  - {id: ic-1, roles: [ic], on_call: 1}
moves:
  - {id: ack, who: ic-1, after: page, wait: 1m, do: acknowledge}
expect: []
"""

_OWN_LINES = """\
import sys

if sys.orig_argv[1:2] == [PROGRAM]:
    import os, signal

"""
_SIGNALLED = """\
from blackstart.record.store import Record

append = Record.append

def told(self, body, **more):
    event = append(self, body, **more)
    if body.kind == KIND:
        os.kill(os.getpid(), NUMBER)
    return event

Record.append = told
"""

Blackstart = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def blackstart() -> Blackstart:
    """Run the program in the repository's root and give what it printed."""

    def call(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PROGRAM, *words],
            cwd=ROOT,
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )

    return call


def altered(folder: Path, lines: str, program: Path = PROGRAM) -> dict[str, str]:
    """The environment of a program that runs these lines first; what it starts does not.

    What is to happen at one exact moment of a drill happens within it: from here it would come too late whenever
    this process, and not that one, stands still.
    """
    own = _OWN_LINES.replace("PROGRAM", repr(str(program))) + indent(lines, "    ")
    (folder / "sitecustomize.py").write_text(own, "utf-8")
    return {"PYTHONPATH": str(folder)}


def signalled(folder: Path, kind: str, number: signal.Signals) -> dict[str, str]:
    """The environment of a program that gets that signal right after it has put an event of that kind on record."""
    return altered(folder, _SIGNALLED.replace("KIND", repr(kind)).replace("NUMBER", str(int(number))))


def patient(folder: Path, program: Path = PROGRAM) -> dict[str, str]:
    """The environment of a program whose watchdogs give their healers all the time that these need on this machine."""
    whole = Path(watchdog.__file__).read_text("utf-8")
    own = re.sub(r"^HEALING_S = .*$", "HEALING_S = 60.0", whole, flags=re.MULTILINE)
    assert own != whole
    (folder / "watchdog.py").write_text(own, "utf-8")
    file = repr(str(folder / "watchdog.py"))
    return altered(folder, f"from blackstart import watchdog\nwatchdog.__file__ = {file}\n", program)


@pytest.fixture
def nobody(tmp_path: Path) -> Path:
    """A crew that types no command, so that nothing happens in a drill but what its test does."""
    (crew := tmp_path / "nobody.yaml").write_text(CREW_OF_NOBODY, "utf-8")
    return crew


@dataclass(frozen=True)
class Drilled:
    """A drill that was really run: its exit code, its folder, its review."""

    exit_code: int
    folder: Path
    review: dict[str, Any]
    facts: dict[str, Any]

    @property
    def failed(self) -> list[str]:
        return sorted({f["rule"] for f in self.review["findings"] if f["verdict"] == "fail"})

    @property
    def unknown(self) -> list[str]:
        return sorted({f["rule"] for f in self.review["findings"] if f["verdict"] == "unknown"})


Drill = Callable[..., Drilled]


@pytest.fixture(scope="session")
def drill(blackstart: Blackstart, tmp_path_factory: pytest.TempPathFactory) -> Drill:
    """Run a crew with a seed on a replica once a session; later calls with the same words get the same drill."""
    done: dict[tuple[str, int, str], Drilled] = {}
    reports = tmp_path_factory.mktemp("reports")

    def run(crew: str, seed: int = 1, replica: str = "local") -> Drilled:
        if (crew, seed, replica) not in done:
            words = ("run", SCENARIO, "--crew", crew, "--seed", str(seed), "--replica", replica)
            ended = blackstart(*words, "--reports-dir", reports, "--json")
            assert ended.stdout, ended.stderr
            facts = json.loads(ended.stdout)["drills"][0]
            folder = Path(facts["folder"])
            review = json.loads((folder / "review.json").read_text("utf-8"))
            done[crew, seed, replica] = Drilled(ended.returncode, folder, review, facts)
        return done[crew, seed, replica]

    return run

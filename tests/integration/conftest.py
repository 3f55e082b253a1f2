"""A real blackstart, run as its user runs it: the installed program in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(sys.executable).with_name("blackstart")
SCENARIO = "scenarios/vault/auth-503.yaml"

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

"""How long the program takes, as a user sees it: --help, check, and a whole warm drill with its reports.

    python bench/run.py [--runs 5] [--out]

Targets: --help at most 0.12 s and 35 MB; check of the repository at most 0.5 s; a warm
`run scenarios/vault/auth-503.yaml` at most 5 s wall, the harness at most 150 MB. Wall time is the whole
process from outside; memory is the harness process alone (its servers are not the harness).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from machine import describe

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = Path(sys.executable).with_name("blackstart")
SCENARIO = "scenarios/vault/auth-503.yaml"


def measured(argv: list[str]) -> tuple[float, float]:
    """One run of blackstart: wall seconds and the peak memory of its own process in MB."""
    began = time.perf_counter()
    process = subprocess.Popen([PROGRAM, *argv], cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    if status != 0:
        raise SystemExit(f"blackstart {' '.join(argv)} ended with status {status}")
    return wall, usage.ru_maxrss / 1024


def series(argv: list[str], runs: int) -> dict[str, Any]:
    """Several runs after one that does not count."""
    measured(argv)
    walls, peaks = zip(*(measured(argv) for _ in range(runs)), strict=True)
    return {
        "command": "blackstart " + " ".join(argv[:2]),
        "wall_s": {"min": min(walls), "median": statistics.median(walls), "max": max(walls)},
        "peak_mb": {"median": statistics.median(peaks), "max": max(peaks)},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--out", action="store_true", help="write bench/results/run.json")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as reports:
        results = {
            "machine": describe(),
            "runs": asked.runs,
            "help": series(["--help"], asked.runs),
            "check": series(["check"], asked.runs),
            "drill": series(["run", SCENARIO, "--reports-dir", reports], asked.runs),
        }
    text = json.dumps(results, indent=2)
    print(text)
    if asked.out:
        (ROOT / "bench" / "results" / "run.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()

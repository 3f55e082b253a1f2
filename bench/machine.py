"""What a benchmark ran on, so that its numbers can be read later. Printed by itself: python bench/machine.py"""

from __future__ import annotations

import json
import os
import platform
import sqlite3
from pathlib import Path
from typing import Any

__all__ = ["describe"]

ROOT = Path(__file__).resolve().parent.parent


def describe(folder: Path = ROOT) -> dict[str, Any]:
    """The machine in a few words; `folder` is where the benchmark writes: its filesystem matters for durability."""
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1024**2,
        "load_1m": os.getloadavg()[0],
        "kernel": platform.release(),
        "system": _system(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "filesystem": _filesystem(folder),
    }


def _cpu() -> str:
    """The processor's name; the architecture where the kernel tells none."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()


def _filesystem(folder: Path) -> str:
    """The type of the filesystem that the folder is on: the mount with the longest matching path."""
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    around = [(len(path), kind) for path, kind in mounts if folder.resolve().is_relative_to(path)]
    return max(around, default=(0, "unknown"))[1]


if __name__ == "__main__":
    print(json.dumps(describe(), indent=2))

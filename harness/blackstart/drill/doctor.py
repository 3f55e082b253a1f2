"""What this machine has of what a drill needs."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from blackstart.errors import BlackstartError
from blackstart.replica.containers.cli import plugin_version
from blackstart.replica.containers.engine import Engine
from blackstart.replica.containers.ours import our_images
from blackstart.replica.containers.pulling import how_to_get
from blackstart.replica.tools import cache_dir, tool_status

__all__ = ["Check", "examine"]

SPACE_MB = 700
"""Room for the tool environments of the first run (about 400 MB) and a drill's own data."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `needed`: no drill runs without it. `hint` is how to get it."""

    name: str
    ok: bool
    needed: bool
    seen: str
    hint: str = ""


def examine() -> list[Check]:
    """Look at everything; changes nothing and asks no network but this machine's docker."""
    return [_python(), _system(), _bash(), _cache(), _space(), *_tools(), *_docker()]


def _python() -> Check:
    seen = f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
    return Check("python", sys.version_info >= (3, 11), True, seen, "install Python 3.11 or later")


def _system() -> Check:
    ok = sys.platform == "linux" and Path("/proc/self/environ").exists()
    return Check("linux", ok, True, sys.platform, "the embedded replica needs Linux with /proc")


def _bash() -> Check:
    found = shutil.which("bash")
    return Check("bash", found is not None, True, found or "not on PATH", "apt install bash")


def _existing(path: Path) -> Path:
    """The nearest folder of that path that is there."""
    return next(parent for parent in (path, *path.parents) if parent.exists())


def _cache() -> Check:
    folder = cache_dir()
    ok = os.access(_existing(folder), os.W_OK)
    return Check("cache", ok, True, str(folder), "set BLACKSTART_CACHE to a folder that you may write to")


def _space() -> Check:
    free = shutil.disk_usage(_existing(cache_dir())).free // 1_000_000
    return Check(
        "disk",
        free >= SPACE_MB,
        True,
        f"{free} MB free beside the cache",
        f"a first run needs about {SPACE_MB} MB",
    )


def _tools() -> list[Check]:
    """Tool environments are made by the first run, so one that is not there yet is no fault."""
    return [
        Check(
            f"tool {tool.name}",
            tool.ready,
            False,
            tool.version if tool.ready else f"{tool.version}, not fetched yet",
            "the first blackstart run fetches it, once; that run needs a network",
        )
        for tool in tool_status()
    ]


def _docker() -> Iterator[Check]:
    """What the compose replica needs; a drill on the embedded one does without."""
    try:
        engine = Engine.connect()
    except BlackstartError as error:
        yield Check("docker", False, False, error.message, error.hint)
        return
    with closing(engine):
        yield Check("docker", True, False, f"{engine.version()} at {engine.endpoint.host}")
        yield _compose()
        yield _images(engine)


def _compose() -> Check:
    try:
        return Check("docker compose", True, False, plugin_version())
    except BlackstartError as error:
        return Check("docker compose", False, False, error.message, error.hint)


def _images(engine: Engine) -> Check:
    """Those that our own compose file names."""
    name = "docker images"
    try:
        wanted = our_images(engine)
        missing = [image for image in wanted if not engine.has(image)]
    except BlackstartError as error:
        return Check(name, False, False, error.message, error.hint)
    seen = f"{len(wanted) - len(missing)} of {len(wanted)}"
    if missing:
        seen += f", missing: {', '.join(missing)}"
    return Check(name, not missing, False, seen, f"the first drill pulls what it can; {how_to_get(missing)}")

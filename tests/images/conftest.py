"""A docker and a Go that are shell scripts, so that what the bake asks of them is tested without either."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Fake = Callable[[str, str], Path]

DOCKER = """\
echo "$*" >> {folder}/calls
case "$1 $2" in
    "image inspect") cat {folder}/images.json; test ! -s {folder}/stderr || {{ cat {folder}/stderr >&2; exit 1; }} ;;
    "image rm") ;;
    load*) n=$(ls {folder}/loads | wc -l); cat > {folder}/loads/$n.tar; test ! -s {folder}/refusal || {{ cat {folder}/refusal >&2; exit 1; }} ;;
esac
"""


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Put a shell script of this name first on PATH."""
    place = tmp_path / "bin"
    place.mkdir()
    monkeypatch.setenv("PATH", f"{place}:/usr/bin:/bin")

    def put(name: str, script: str) -> Path:
        program = place / name
        program.write_text(f"#!/bin/sh\n{script}")
        program.chmod(0o755)
        return program

    return put


class FakeDocker:
    """What docker has, and what it was asked and given."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "loads").mkdir(parents=True)
        self.has([])

    def has(self, images: list[dict[str, object]], says: str = "") -> None:
        (self.folder / "images.json").write_text(json.dumps(images))
        (self.folder / "stderr").write_text(says)

    def refuses(self, why: str) -> None:
        (self.folder / "refusal").write_text(why)

    @property
    def loads(self) -> list[Path]:
        return sorted((self.folder / "loads").iterdir())

    @property
    def calls(self) -> list[str]:
        calls = self.folder / "calls"
        return calls.read_text().splitlines() if calls.exists() else []


@pytest.fixture
def docker(tmp_path: Path, fake: Fake) -> FakeDocker:
    folder = tmp_path / "docker"
    made = FakeDocker(folder)
    fake("docker", DOCKER.format(folder=folder))
    return made


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test touches the cache of who runs it."""
    monkeypatch.setenv("BLACKSTART_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"

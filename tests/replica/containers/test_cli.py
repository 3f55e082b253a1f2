"""What is said of a docker command that is missing, or lacks its plugin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from blackstart.errors import MissingTool
from blackstart.replica.containers.cli import plugin_version


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """The version is asked for once a process."""
    plugin_version.cache_clear()
    yield
    plugin_version.cache_clear()


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder with commands."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def docker_that(does: str, path: Path) -> None:
    (path / "docker").write_text(f"#!/bin/sh\n{does}\n")
    (path / "docker").chmod(0o755)


def test_no_docker_command(path: Path) -> None:
    with pytest.raises(MissingTool, match="the docker command is missing") as caught:
        plugin_version()
    assert "docker.io" in caught.value.hint
    assert "plugin" not in caught.value.hint


@pytest.mark.parametrize(
    ("does", "said"), [("exit 1", "has no compose plugin"), ("echo 1.29.2", "is too old")]
)
def test_no_plugin_that_will_do(path: Path, does: str, said: str) -> None:
    docker_that(does, path)
    with pytest.raises(MissingTool, match=said) as caught:
        plugin_version()
    assert "docker-compose-plugin" in caught.value.hint


def test_the_version(path: Path) -> None:
    docker_that("echo v2.40.3", path)
    assert plugin_version() == "2.40.3"

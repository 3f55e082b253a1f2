"""What doctor says of docker: never needed by the embedded replica, and always with the next move."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from blackstart.drill import doctor
from blackstart.drill.doctor import Check, examine

if TYPE_CHECKING:
    import pytest

    from blackstart.replica.containers.engine import Engine


def docker_checks() -> list[Check]:
    return [check for check in examine() if check.name.startswith("docker")]


def test_no_docker_is_said_and_is_no_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    (check,) = docker_checks()
    assert (check.name, check.ok, check.needed) == ("docker", False, False)
    assert f"{tmp_path}/nobody.sock" in check.seen
    assert "--replica local" in check.hint


def test_another_machines_docker_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    (check,) = docker_checks()
    assert check.seen.startswith("docker's context 'tcp://127.0.0.1:1' is not this machine's local socket")


class Docker:
    """One that has no image but one."""

    def has(self, image: str) -> bool:
        return image == "here"


def test_how_to_get_what_no_registry_has_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "our_images", lambda engine: ["blackstart/platform:0.1.0", "here"])
    check = doctor._images(cast("Engine", Docker()))
    assert (check.ok, check.seen) == (False, "1 of 2, missing: blackstart/platform:0.1.0")
    assert (
        "docker build --tag blackstart/platform:0.1.0 --file images/platform/Dockerfile harness" in check.hint
    )

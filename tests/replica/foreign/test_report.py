"""What doctor knows of a compose file."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from tests.replica.foreign.conftest import image_ports, shop

from blackstart.errors import UsageError
from blackstart.replica.containers.engine import Engine
from blackstart.replica.foreign import report as module
from blackstart.replica.foreign.judge import judge
from blackstart.replica.foreign.report import Report, examine, report_of
from blackstart.replica.foreseen import Choice

CHOICES = {
    name: [
        Choice("network.down"),
        Choice("network.loss", "its proxy has no such toxic", never=True),
        Choice("process.kill"),
        Choice("container.disk-full", "it has no volume"),
    ]
    for name in ("web", "api", "db", "names")
}


def report(**services: Any) -> Report:
    config = shop(**services)
    return report_of(Path("shop.yml"), config, judge(config, image_ports), CHOICES)


def test_a_sound_file() -> None:
    sound = report()
    assert sound.ok
    assert sound.services[2].faults == ("network.down", "process.kill")
    assert sound.services[2].not_by == {
        "network.loss": "its proxy has no such toxic",
        "container.disk-full": "it has no volume",
    }
    assert sound.services[2].never == ("network.loss",)
    assert "blackstart-db-proxy" in sound.override


def test_a_file_that_is_refused() -> None:
    refused = report(mailer={"image": "x", "network_mode": "host"})
    assert not refused.ok
    assert refused.override == ""


def test_as_json() -> None:
    data = report().to_json()
    assert data["ok"] is True
    assert data["services"][2]["component"] == "db"
    assert data["services"][2]["faults"] == ("network.down", "process.kill")


def test_what_only_a_profile_starts_is_not_held_against_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A drill starts no profile that is not asked for, and compose finds nothing wrong with the rest."""

    def read(engine: object, file: Path, label: str, folder: Path, env: object = None) -> dict[str, Any]:
        if env:
            raise UsageError("env file debug.env not found")
        return shop()

    monkeypatch.setattr(module, "read", read)
    monkeypatch.setattr(module, "judged", lambda engine, config: (judge(config, image_ports), {}))
    monkeypatch.setattr(Engine, "connect", MagicMock)
    assert examine(tmp_path / "shop.yml", lambda there: [Choice("process.kill")], tmp_path).ok


@pytest.mark.parametrize("taken", ["web", "api", "db"])
def test_one_component_is_enough(taken: str) -> None:
    others: dict[str, Any] = dict.fromkeys({"web", "api", "db"} - {taken})
    assert report(**others).ok

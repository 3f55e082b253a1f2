"""What is amiss before a drill begins is said before there is a drill."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import MagicMock

import pytest

from blackstart.drill import possible, run
from blackstart.drill.recorded import options_from
from blackstart.drill.refused import ROOM_MB, see_room
from blackstart.errors import MissingTool, UsageError
from blackstart.replica.containers import cli, ours
from blackstart.replica.containers.engine import Engine
from blackstart.replica.foreign import ahead, reading, readying

from .test_resume import EVENTS, SAMPLE

if TYPE_CHECKING:
    from blackstart.drill.drill import Options


def test_a_reports_disk_without_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    see_room(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=400_000))
    with pytest.raises(UsageError) as caught:
        see_room(tmp_path / "not" / "there")
    assert caught.value.message == (
        f"the disk of the reports folder is nearly full: 0 MB free in {tmp_path}, a drill needs {ROOM_MB}"
    )
    assert "--reports-dir" in caught.value.hint


@pytest.fixture
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that no drill is begun in; what comes before is let pass but for what is tested."""
    monkeypatch.setattr(run, "ensure_tools", MagicMock())
    monkeypatch.setattr(run, "finished", MagicMock(side_effect=AssertionError("nothing may be begun")))
    return tmp_path / "reports"


def contained(reports: Path, compose: Path | None = None) -> Options:
    return replace(options_from(EVENTS, SAMPLE), replica="compose", reports=reports, compose=compose)


def test_without_docker_there_is_no_drill_to_look_at(
    reports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    with pytest.raises(MissingTool, match="docker does not run"):
        run.run(contained(reports))
    assert not reports.exists()


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch) -> MagicMock:
    """One that has no image, and reaches no registry."""
    from docker.errors import APIError

    engine = MagicMock()
    engine.has.return_value = False
    engine.saying.return_value.__exit__.return_value = False
    engine.client.images.pull.side_effect = APIError("no", explanation="no such host")
    monkeypatch.setattr(Engine, "connect", lambda *_: engine)
    monkeypatch.setattr(cli, "plugin_version", MagicMock())
    return engine


def test_an_image_that_cannot_be_had(
    reports: Path, docker: MagicMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(ours, "our_images", lambda engine: ["openbao:9"])
    options = replace(contained(reports), progress=lambda what, done, total: told.append(what))
    with pytest.raises(
        MissingTool, match="the image openbao:9 is missing and cannot be pulled: no such host"
    ):
        run.run(options)
    assert told == ["pulling openbao:9"]
    docker.refuse_strangers.assert_called_once()
    assert not reports.exists()


def test_a_file_of_ones_own_is_made_ready_once_nothing_speaks_against_it(
    reports: Path, docker: MagicMock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = MagicMock()
    steps.prepared.return_value = ({}, MagicMock(), {})
    for module in (reading, ahead, possible, readying):
        for name in ("prepared", "ahead_of", "demand_possible", "ready"):
            monkeypatch.setattr(module, name, getattr(steps, name), raising=False)
    docker.refuse_strangers = steps.refuse_strangers
    steps.ready.side_effect = UsageError("docker compose build fails")
    with pytest.raises(UsageError, match="build fails"):
        run.run(contained(reports, tmp_path / "compose.yml"))
    assert [call[0] for call in steps.method_calls] == [
        "prepared",
        "ahead_of",
        "demand_possible",
        "refuse_strangers",
        "ready",
    ]
    assert not reports.exists()

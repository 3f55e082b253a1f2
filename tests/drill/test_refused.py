"""What is amiss before a drill begins is said before there is a drill."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from blackstart.drill.assemble import opened
from blackstart.drill.recorded import options_from
from blackstart.drill.refused import ROOM_MB, see_room
from blackstart.errors import MissingTool, UsageError

from .test_resume import EVENTS, SAMPLE


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


def test_without_docker_there_is_no_drill_to_look_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    reports = tmp_path / "reports"
    options = replace(options_from(EVENTS, SAMPLE), replica="compose", reports=reports)
    with pytest.raises(MissingTool, match="docker does not run"), opened(options):
        raise AssertionError("nothing may be opened")
    assert not reports.exists()

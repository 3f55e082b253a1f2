"""What a replica's folder says of its containers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from blackstart.errors import MissingTool
from blackstart.replica.containers import service, sweep
from blackstart.replica.containers.endpoint import Endpoint
from blackstart.replica.containers.engine import DRILL, OLDEST_API, SERVICE
from blackstart.replica.containers.note import Note
from blackstart.replica.programs.service import RUN, SITE
from blackstart.replica.stack import Stack
from blackstart.watchdog import CONTAINERS

NOTE = Note("drill-1", "project-1", "default", "unix:///x.sock")


def test_what_is_written_is_read(tmp_path: Path) -> None:
    NOTE.write(tmp_path / "replica")
    assert Note.read(tmp_path / "replica") == NOTE
    assert NOTE.endpoint == Endpoint("default", "unix:///x.sock")


@pytest.mark.parametrize("text", [None, "", "[]", "{}"])
def test_none_where_there_is_none(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / CONTAINERS).write_text(text)
    assert Note.read(tmp_path) is None


ELSEWHERE = "tcp://127.0.0.1:1"
"""Somebody else's docker, as far as anybody knows; and nobody listens there."""


def test_the_docker_that_its_plan_allowed_once_is_asked_again(tmp_path: Path) -> None:
    with pytest.raises(MissingTool, match=f"^docker does not answer at {ELSEWHERE}"):
        Note("drill-1", "project-1", ELSEWHERE, ELSEWHERE).connect()


def test_peoples_command_asks_it_too_and_says_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Note("drill-1", "project-1", ELSEWHERE, ELSEWHERE).write(tmp_path)
    (tmp_path / SITE).write_text(json.dumps({"site": Stack.choose([]).site.to_data()}))
    assert service.main(tmp_path, []) == 1
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith(f"service: docker does not answer at {ELSEWHERE}")
    assert said[1:] == ["  `docker version` says more; or use the embedded replica: --replica local"]


def test_the_sweep_that_imports_nothing_of_ours_says_the_same() -> None:
    assert (sweep.NOTE, sweep.RUN, sweep.DRILL, sweep.SERVICE) == (CONTAINERS, RUN, DRILL, SERVICE)
    assert sweep.API == f"/v{OLDEST_API[0]}.{OLDEST_API[1]}"

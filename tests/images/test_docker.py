from __future__ import annotations

from pathlib import Path
from typing import IO, Protocol

import pytest

from bakery.docker import Present, forget, load, present
from bakery.errors import BakeError


class Docker(Protocol):
    """The fake docker of conftest.py."""

    loads: list[Path]
    calls: list[str]

    def has(self, images: list[dict[str, object]], says: str = "") -> None: ...
    def refuses(self, why: str) -> None: ...


OURS: dict[str, object] = {
    "Id": "sha256:1",
    "RepoTags": ["a:1"],
    "Config": {"Labels": {"blackstart.content": "c", "blackstart.inside": "i"}},
    "RootFS": {"Layers": ["sha256:x"]},
}
PULLED: dict[str, object] = {
    "Id": "sha256:2",
    "RepoTags": ["b:1", "other:1"],
    "Config": {"Labels": None},
    "RootFS": None,
}


def test_all_tags_are_asked_for_at_once(docker: Docker) -> None:
    docker.has([OURS, PULLED], "Error response from daemon: No such image: c:1\n")
    assert present(["a:1", "b:1", "c:1"]) == {
        "a:1": Present("c", "i", ("x",), "sha256:1"),
        "b:1": Present("", "", (), "sha256:2"),
    }
    assert docker.calls == ["image inspect a:1 b:1 c:1"]


def test_nothing_there_is_no_error(docker: Docker) -> None:
    docker.has([], "Error: No such image: a:1\nError: No such image: b:1\n")
    assert present(["a:1", "b:1"]) == {}


@pytest.mark.parametrize(
    ("says", "next_move"),
    [
        ("Cannot connect to the Docker daemon at unix:///var/run/docker.sock.", "start it"),
        ("permission denied while trying to connect to the Docker daemon socket", "group docker"),
    ],
)
def test_a_docker_that_does_not_answer_is_a_sentence(docker: Docker, says: str, next_move: str) -> None:
    docker.has([], says)
    with pytest.raises(BakeError, match=says[:20]) as raised:
        present(["a:1"])
    assert next_move in raised.value.hint


def test_no_docker_is_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BakeError, match="docker is missing"):
        present(["a:1"])


def _write(stream: IO[bytes]) -> None:
    stream.write(b"archive")


def test_what_is_written_is_loaded(docker: Docker) -> None:
    assert load(_write) == ""
    assert docker.loads[0].read_bytes() == b"archive"


def test_a_refusal_is_told(docker: Docker) -> None:
    docker.refuses("no space left on device")
    assert load(_write) == "no space left on device"


def test_docker_is_ended_when_writing_fails(docker: Docker) -> None:
    def fail(stream: IO[bytes]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(fail)


def test_what_is_in_use_may_stay(docker: Docker) -> None:
    forget(["sha256:1", "sha256:2"])
    assert docker.calls == ["image rm sha256:1", "image rm sha256:2"]

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import psutil
import pytest

from bakery import command
from bakery.command import main
from bakery.folders import IMAGES, ROOT
from bakery.recipe import Recipe, content_of
from bakery.recipes import recipes
from bakery.tags import read_tags
from blackstart.replica.waiting import wait_until

LIMIT_S = 60.0


class Docker(Protocol):
    """The fake docker of conftest.py."""

    loads: list[Path]
    calls: list[str]

    def has(self, images: list[dict[str, object]], says: str = "") -> None: ...


@pytest.fixture
def every() -> list[Recipe]:
    return recipes(read_tags(ROOT / ".env"))


def image(recipe: Recipe, content: str) -> dict[str, object]:
    """An image as `docker image inspect` shows it; without content, one that somebody pulled."""
    labels = {"blackstart.content": content, "blackstart.inside": "something"} if content else None
    return {
        "Id": "sha256:1",
        "RepoTags": [recipe.tag],
        "Config": {"Labels": labels},
        "RootFS": {"Layers": []},
    }


@pytest.fixture(autouse=True)
def signals_stay() -> Iterator[None]:
    """`main` takes SIGTERM over; the test process keeps its own."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def test_a_second_call_asks_docker_once_and_does_nothing(
    docker: Docker, every: list[Recipe], capsys: pytest.CaptureFixture[str]
) -> None:
    docker.has([image(recipe, content_of(recipe)) for recipe in every])
    assert main([]) == 0
    assert capsys.readouterr().out.splitlines() == [f"{recipe.tag}: there already" for recipe in every]
    assert len(docker.calls) == 1


def test_what_somebody_pulled_is_left_alone(
    docker: Docker, every: list[Recipe], capsys: pytest.CaptureFixture[str]
) -> None:
    docker.has([image(recipe, "") for recipe in every])
    assert main([]) == 0
    assert "left alone" in capsys.readouterr().out
    assert docker.loads == []


@pytest.mark.parametrize(("options", "baked"), [([], ["coredns"]), (["--force"], ["coredns", "redis"])])
def test_only_what_is_named_and_out_of_date_is_baked(
    docker: Docker, every: list[Recipe], monkeypatch: pytest.MonkeyPatch, options: list[str], baked: list[str]
) -> None:
    known = {recipe.name: recipe for recipe in every}
    docker.has([image(known["coredns"], "older"), image(known["redis"], content_of(known["redis"]))])
    names: list[str] = []
    monkeypatch.setattr(command, "_bake", lambda missing, force: names.extend(each.name for each in missing))
    assert main([*options, "coredns", "redis"]) == 0
    assert names == baked


def test_the_list_tells_what_is_inside(
    docker: Docker, every: list[Recipe], capsys: pytest.CaptureFixture[str]
) -> None:
    docker.has([image(every[0], "older"), image(every[1], "")])
    assert main(["--list"]) == 0
    first, second, third, *_ = capsys.readouterr().out.splitlines()
    assert first.endswith("something (out of date)")
    assert second.endswith("pulled")
    assert third.endswith("missing")


@pytest.mark.parametrize(
    ("argv", "says"),
    [(["nonsense"], "there is no image nonsense\n  images are openbao, coredns")],
)
def test_a_wrong_name_is_a_sentence(
    docker: Docker, capsys: pytest.CaptureFixture[str], argv: list[str], says: str
) -> None:
    assert main(argv) == 2
    assert says in capsys.readouterr().err


def test_without_docker_nothing_is_begun(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main([]) == 2
    assert capsys.readouterr().err.startswith("images/bake: docker is missing\n  ")


def test_without_debootstrap_nothing_is_begun(
    docker: Docker, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name, **_: "" if name == "debootstrap" else name)
    monkeypatch.setattr(command, "need_room", lambda *_: None)
    assert main(["redis"]) == 2
    assert "apt install debootstrap" in capsys.readouterr().err


def test_a_full_disk_is_seen_before_anything_is_made(
    docker: Docker, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "ROOM_GB", 10.0**9)
    assert main(["toxiproxy"]) == 2
    assert "GB free, and baking these images takes" in capsys.readouterr().err


def ended(pid: int) -> bool:
    """Gone, or dead and not yet collected by who inherited it."""
    try:
        return psutil.Process(pid).status() in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}
    except psutil.NoSuchProcess:
        return True


def test_ctrl_c_ends_everything_and_leaves_nothing(
    docker: Docker, fake: Callable[[str, str], Path], own_cache: Path, tmp_path: Path
) -> None:
    # A Go that is new enough, and builds for ever in a process of its own.
    begun = tmp_path / "begun"
    go = f"""case "$1" in
        version) echo go version go1.99.0 linux/amd64 ;;
        mod) sleep 1000 & echo $! > {begun}.new; mv {begun}.new {begun}; wait ;;
    esac"""
    fake("go", go)
    with subprocess.Popen(
        [sys.executable, IMAGES / "bake", "toxiproxy"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as bake:
        while not begun.exists():
            assert bake.poll() is None
        bake.send_signal(signal.SIGINT)
        _, says = bake.communicate()
    assert bake.returncode == 130
    assert says == "images/bake: stopped; images that are baked stay, nothing half made does\n"
    assert wait_until(lambda: ended(int(begun.read_text())), LIMIT_S)  # the kernel may still be at it
    assert [file.name for file in own_cache.rglob("*") if file.is_file()] == ["bake.lock"]
    assert docker.loads == []

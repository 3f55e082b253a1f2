from __future__ import annotations

import json
import os
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest

from bakery import kitchen
from bakery.debian import Root
from bakery.entries import File
from bakery.errors import BakeError
from bakery.kitchen import Kitchen, forget_unused
from bakery.recipe import Recipe, content_of
from bakery.running import Running


class Docker(Protocol):
    """The fake docker of conftest.py."""

    loads: list[Path]

    def refuses(self, why: str) -> None: ...


@dataclass
class Program:
    """A product; `made` counts how often it was made."""

    fails: str = ""
    made: int = 0
    key: str = "1"
    name: str = "program"

    def make(self, place: Path, cache: Path, running: Running) -> None:
        self.made += 1
        place.write_bytes(b"half")
        if self.fails:
            raise BakeError(self.fails, "mend it")


def recipe(program: Program, debian: bool = False) -> Recipe:
    inside = "Debian 12's thing {thing}" if debian else "a program"
    return Recipe("thing", inside, {"User": "nobody"}, [File("/program", program, 0o755)], debian, "thing:1")


@pytest.fixture
def cache(own_cache: Path) -> Path:
    own_cache.mkdir()
    return own_cache


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Root:
    """A Debian root that is kept already."""
    kept = Root(tmp_path / "debian.tar", "ddd", {"thing": "1.2-3"})
    kept.file.write_bytes(b"the root")
    monkeypatch.setattr(kitchen, "kept_root", lambda cache: kept)
    return kept


def loaded(archive: Path) -> tuple[dict[str, Any], list[str]]:
    """The configuration of the image in an archive, and the names in it."""
    with tarfile.open(archive) as opened:
        names = opened.getnames()
        config = opened.extractfile(names[0])
        assert config is not None
        return json.load(config), names


def test_an_image_is_made_of_its_parts_and_labelled(cache: Path, docker: Docker) -> None:
    said: list[str] = []
    wanted = recipe(Program())
    Kitchen(cache, set(), Running(), said.append).bake([wanted], fresh=False)
    config, _ = loaded(docker.loads[0])
    assert config["config"]["Labels"] == {
        "blackstart.content": content_of(wanted),
        "blackstart.inside": "a program",
    }
    assert len(said) == 1
    assert said[0].startswith("thing:1: baked in ")


def test_the_label_names_the_real_version_of_the_package(cache: Path, docker: Docker, root: Root) -> None:
    Kitchen(cache, set(), Running(), print).bake([recipe(Program(), debian=True)], fresh=False)
    config, names = loaded(docker.loads[0])
    assert config["config"]["Labels"]["blackstart.inside"] == "Debian 12's thing 1.2-3"
    assert config["rootfs"]["diff_ids"][0] == "sha256:ddd"
    assert "ddd.tar" in names


def test_a_root_that_docker_has_is_not_sent_again(cache: Path, docker: Docker, root: Root) -> None:
    Kitchen(cache, {"ddd"}, Running(), print).bake([recipe(Program(), debian=True)], fresh=False)
    assert "ddd.tar" not in loaded(docker.loads[0])[1]


def test_it_is_sent_after_all_when_docker_refuses_without(cache: Path, docker: Docker, root: Root) -> None:
    docker.refuses("no such layer")
    with pytest.raises(BakeError, match="thing:1: no such layer"):
        Kitchen(cache, {"ddd"}, Running(), print).bake([recipe(Program(), debian=True)], fresh=False)
    assert ["ddd.tar" in loaded(archive)[1] for archive in docker.loads] == [False, True]


def test_a_program_is_made_once_and_anew_when_asked(cache: Path, docker: Docker) -> None:
    program = Program()
    for fresh in (False, False, True):
        Kitchen(cache, set(), Running(), print).bake([recipe(program)], fresh)
    assert program.made == 2


def test_a_failure_is_told_and_leaves_nothing(cache: Path, docker: Docker) -> None:
    with pytest.raises(BakeError, match="no network"):
        Kitchen(cache, set(), Running(), print).bake([recipe(Program("no network"))], fresh=False)
    assert [file for file in cache.rglob("*") if file.is_file()] == []
    assert docker.loads == []


def test_what_no_bake_used_for_a_month_goes(cache: Path) -> None:
    (cache / "products").mkdir()
    files = [
        cache / "products" / "old",
        cache / "debian-1.tar",
        cache / "debian-1.json",
        cache / "products" / "new",
    ]
    for file in files:
        file.touch()
    for file in files[:2]:
        os.utime(file, (0, 0))
    forget_unused(cache)
    assert [file.name for file in files if file.exists()] == ["new"]

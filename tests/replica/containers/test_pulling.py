"""Images that are not here: pulled, or named together as missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import pytest

from blackstart.errors import MissingTool
from blackstart.replica.containers.engine import Engine
from blackstart.replica.containers.pulling import BUILD, have_images
from blackstart.replica.stack import home, images


class Docker:
    """An engine with some images here, and some in a registry."""

    def __init__(self, here: set[str], registry: set[str]) -> None:
        self.here = here
        self._registry = registry
        self.client = self.images = self

    @contextmanager
    def saying(self, doing: str) -> Iterator[None]:
        yield

    def has(self, image: str) -> bool:
        return image in self.here

    def pull(self, image: str) -> None:
        from docker.errors import APIError

        if image not in self._registry:
            raise APIError("no", explanation="no such host")
        self.here.add(image)


def test_what_is_missing_is_pulled_and_told() -> None:
    docker, told = Docker({"a"}, {"b"}), []
    have_images(cast(Engine, docker), ["a", "b"], lambda what, done, total: told.append((what, done, total)))
    assert told == [("pulling b", 0, 1)]
    assert docker.here == {"a", "b"}


def test_what_cannot_be_pulled_is_missing() -> None:
    docker = Docker(set(), {"a"})
    with pytest.raises(MissingTool) as missing:
        have_images(cast(Engine, docker), ["a", "b"], lambda what, done, total: None)
    assert (
        missing.value.message == "the image b is missing and cannot be pulled: no such host (missing: a, b)"
    )
    assert "images/bake" in missing.value.hint


OURS = images()["PLATFORM_IMAGE"]


@pytest.mark.parametrize("wanted", [[OURS, "b"], ["b", OURS]])
def test_how_the_one_that_is_in_no_registry_is_built_is_said(wanted: list[str]) -> None:
    """Whichever of those that are missing was met first."""
    with pytest.raises(MissingTool) as missing:
        have_images(cast(Engine, Docker(set(), set())), wanted, lambda what, done, total: None)
    assert (
        f"{OURS} is in no registry; in blackstart's repository: {BUILD.format(OURS)} " in missing.value.hint
    )


@pytest.mark.parametrize(
    "file",
    [
        "README.md",
        "docker-compose.yml",
        "compose/README.md",
        "images/README.md",
        "images/platform/Dockerfile",
        "docs/bring-your-own-platform.md",
    ],
)
def test_wherever_a_reader_begins_the_same_line_stands(file: str) -> None:
    assert BUILD.format(OURS) in (home() / file).read_text("utf-8")


def test_the_line_names_a_file_and_what_that_copies() -> None:
    *_, flag, dockerfile, context = BUILD.split()
    assert flag == "--file"
    copied = [
        line.split()[1]
        for line in (home() / dockerfile).read_text("utf-8").splitlines()
        if line.startswith("COPY ")
    ]
    assert copied == ["blackstart"]
    assert all((home() / context / each).is_dir() for each in copied)

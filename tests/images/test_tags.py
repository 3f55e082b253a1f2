from __future__ import annotations

from pathlib import Path

import pytest

from bakery.errors import BakeError
from bakery.folders import ROOT
from bakery.recipes import RECIPES
from bakery.tags import read_tags, version_of


@pytest.mark.parametrize(
    ("tag", "version"),
    [
        ("prom/prometheus:v2.42.0", "2.42.0"),
        ("redis:7.0.15-bookworm", "7.0.15"),
        ("ghcr.io/shopify/toxiproxy:2.12.0", "2.12.0"),
        ("localhost:5000/mine:1", "1"),
    ],
)
def test_a_tag_names_a_version(tag: str, version: str) -> None:
    assert version_of(tag) == version


@pytest.mark.parametrize("tag", ["nginx", "nginx:latest", "localhost:5000/mine"])
def test_a_tag_that_pins_nothing_is_refused(tag: str) -> None:
    with pytest.raises(BakeError, match="pins no version"):
        version_of(tag)


def test_only_images_are_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# A_IMAGE=no\nPORT=1\nB_IMAGE=b:1\nC_IMAGE = c:2\n")
    assert read_tags(tmp_path / ".env") == {"B_IMAGE": "b:1"}


def test_no_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BakeError, match=r"cannot be read"):
        read_tags(tmp_path / ".env")


def test_each_image_of_env_has_a_recipe_and_each_recipe_an_image() -> None:
    assert set(read_tags(ROOT / ".env")) == set(RECIPES)

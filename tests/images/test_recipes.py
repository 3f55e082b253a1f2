from __future__ import annotations

import os
import re
from dataclasses import replace

import pytest

from bakery.debian import PACKAGES
from bakery.entries import File
from bakery.errors import BakeError
from bakery.folders import ROOT
from bakery.golang import GoProgram
from bakery.pypi import OpenBao
from bakery.recipe import PATH, Recipe, content_of
from bakery.recipes import recipes
from bakery.tags import read_tags
from blackstart import __version__
from blackstart.replica.tools import TOOLS

EVERY = recipes(read_tags(ROOT / ".env"))


def test_a_missing_line_is_a_sentence() -> None:
    with pytest.raises(BakeError, match="no line OPENBAO_IMAGE="):
        recipes({})


@pytest.mark.parametrize("recipe", EVERY, ids=lambda recipe: recipe.name)
def test_what_is_inside_is_told_with_versions_that_the_root_has(recipe: Recipe) -> None:
    asked = set(re.findall(r"\{(\S+?)\}", recipe.inside))
    assert asked <= set(PACKAGES)


def test_each_image_has_a_content_of_its_own_that_follows_its_tag() -> None:
    keys = {content_of(recipe) for recipe in EVERY}
    assert len(keys) == len(EVERY)
    assert content_of(replace(EVERY[0], tag="other:1")) not in keys
    assert content_of(replace(EVERY[0])) == content_of(EVERY[0])


def test_both_replicas_run_the_same_openbao() -> None:
    assert TOOLS["openbao"].version == next(
        source.version
        for recipe in EVERY
        for entry in recipe.entries
        if isinstance(entry, File) and isinstance(source := entry.source, OpenBao)
    )


def test_go_programs_are_of_the_version_that_the_tag_names() -> None:
    for recipe in EVERY:
        for entry in recipe.entries:
            if isinstance(entry, File) and isinstance(entry.source, GoProgram):
                assert recipe.tag.endswith(":" + entry.source.module.version.removeprefix("v"))


def test_no_layer_hides_the_roots_links() -> None:
    # /bin is a link to /usr/bin there: a layer with files under /bin would put a folder in its place.
    merged = ("/bin/", "/sbin/", "/lib/", "/lib64/")
    paths = [entry.path for recipe in EVERY if recipe.debian for entry in recipe.entries]
    assert [path for path in paths if path.startswith(merged)] == []


def test_scripts_can_be_executed_here_too() -> None:
    for script in (ROOT / "images").glob("*/*.sh"):
        assert os.access(script, os.X_OK), script


def test_our_own_image_has_our_version() -> None:
    assert read_tags(ROOT / ".env")["PLATFORM_IMAGE"] == f"blackstart/platform:{__version__}"


def test_the_dockerfile_makes_the_same_of_our_own_image() -> None:
    dockerfile = (ROOT / "images/platform/Dockerfile").read_text("utf-8")
    (ours,) = (recipe for recipe in EVERY if recipe.name == "platform")
    packages = re.findall(r"recommends \\\n([^&]*?) \\\n", dockerfile)[0].split()
    environment = re.findall(r"\bPYTHON\w+=\S+", dockerfile)
    assert set(packages) <= set(PACKAGES)
    assert [PATH, *environment] == ours.runs["Env"]
    assert f"--tag {ours.tag} " in dockerfile
    assert f"--tag {ours.tag} " in (ROOT / "images/README.md").read_text("utf-8")

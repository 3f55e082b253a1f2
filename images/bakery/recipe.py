"""What a recipe is, and the name of its content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bakery.debian import debian_key
from bakery.entries import Entry, File, entry_key
from bakery.folders import IMAGES, content_key

__all__ = ["PATH", "Recipe", "content_of", "kept"]

PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Recipe:
    """One image. `inside` tells what it really has; `{package}` in it stands for that Debian package's version."""

    name: str
    inside: str
    runs: Mapping[str, object]
    """Entrypoint, Cmd, User and so on, in the words of the image specification."""

    entries: Sequence[Entry]
    debian: bool = True
    tag: str = ""


def content_of(recipe: Recipe) -> str:
    """A name for everything that the image is made of: docker has one of this name, and nothing is to be done."""
    base = debian_key() if recipe.debian else "scratch"
    runs = repr(sorted(recipe.runs.items()))
    return content_key(recipe.tag, recipe.inside, runs, base, *sorted(map(entry_key, recipe.entries)))


def kept(source: str, at: str) -> File:
    """A file kept in this folder; a script can be executed."""
    return File(at, (IMAGES / source).read_bytes(), 0o755 if source.endswith(".sh") else 0o644)

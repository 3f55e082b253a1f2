"""The layer of our own programs: harness/blackstart's sources, with bytecode where this Python can make the image's.

A container with a read-only root can keep no bytecode, and would compile the programs at each start.
"""

from __future__ import annotations

import os
import py_compile
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bakery.entries import Entry, File
from bakery.folders import ROOT, content_key

if TYPE_CHECKING:
    from bakery.running import Running

__all__ = ["Bytecode", "platform_entries"]

SOURCES = ROOT / "harness"
IMAGES_PYTHON = (3, 11)
"""Debian 12's."""


@dataclass(frozen=True, slots=True)
class Bytecode:
    """What Python makes of one source file that will be at `path` in the image."""

    source: Path
    path: str

    name = "pyc"

    @property
    def key(self) -> str:
        return content_key(self.path, self.source.read_bytes())

    def make(self, place: Path, cache: Path, running: Running) -> None:
        # Unchecked: nobody edits sources in an image, and the times of its files say nothing.
        never = py_compile.PycInvalidationMode.UNCHECKED_HASH
        py_compile.compile(str(self.source), str(place), self.path, doraise=True, invalidation_mode=never)


def platform_entries(folder: str) -> list[Entry]:
    """Every file of the package blackstart, under `folder`."""
    found = [(file, f"{folder}/{file.relative_to(SOURCES)}") for file in _files(SOURCES / "blackstart")]
    entries: list[Entry] = [File(path, file) for file, path in found]
    if sys.version_info[:2] == IMAGES_PYTHON:
        entries += [File(_pyc(path), Bytecode(file, path)) for file, path in found if file.suffix == ".py"]
    return entries


def _pyc(path: str) -> str:
    folder, _, name = path.rpartition("/")
    return f"{folder}/__pycache__/{name.removesuffix('.py')}.cpython-311.pyc"


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        yield from (Path(place) / name for name in sorted(names) if not name.endswith(".pyc"))

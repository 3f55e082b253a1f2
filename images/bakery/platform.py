"""The layer of our own programs: harness/blackstart's sources, with bytecode where this Python can make the image's.

A container with a read-only root can keep no bytecode, and would compile the programs at each start.
"""

from __future__ import annotations

import importlib.util
import marshal
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bakery.entries import Entry, File
from bakery.errors import BakeError
from bakery.folders import ROOT, content_key

if TYPE_CHECKING:
    from bakery.running import Running

__all__ = ["Bytecode", "platform_entries"]

SOURCES = ROOT / "harness"
IMAGES_PYTHON = (3, 11)
"""Debian 12's."""

UNCHECKED = (1).to_bytes(4, "little")
"""The flag of bytecode that is bound to its source by hash, the hash not looked at (PEP 552)."""


@dataclass(frozen=True, slots=True)
class Bytecode:
    """What Python makes of one source file that will be at `path` in the image."""

    path: str
    source: bytes

    name = "pyc"

    @property
    def key(self) -> str:
        return content_key(self.path, self.source)

    def make(self, place: Path, cache: Path, running: Running) -> None:
        try:
            code = compile(self.source, self.path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            raise BakeError(
                f"{self.path} cannot be compiled: {error}", "mend it in harness/blackstart"
            ) from error
        # Python never compares it with its source: nobody edits in an image, and the times of its files say nothing.
        head = importlib.util.MAGIC_NUMBER + UNCHECKED + importlib.util.source_hash(self.source)
        place.write_bytes(head + marshal.dumps(code))


def platform_entries(folder: str) -> list[Entry]:
    """Every file of the package blackstart, under `folder`. Each is read once, so an edit meanwhile tears nothing."""
    found = [
        (f"{folder}/{file.relative_to(SOURCES)}", file.read_bytes())
        for file in _files(SOURCES / "blackstart")
    ]
    entries: list[Entry] = [File(path, content) for path, content in found]
    if sys.version_info[:2] == IMAGES_PYTHON:
        entries += [
            File(_pyc(path), Bytecode(path, content)) for path, content in found if path.endswith(".py")
        ]
    return entries


def _pyc(path: str) -> str:
    folder, _, name = path.rpartition("/")
    return f"{folder}/__pycache__/{name.removesuffix('.py')}.cpython-311.pyc"


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        yield from (Path(place) / name for name in sorted(names) if not name.endswith(".pyc"))

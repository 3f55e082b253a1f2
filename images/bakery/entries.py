"""What an image has above its base: files, links and folders; and how they become one layer, the same each time."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from bakery.running import Running

__all__ = ["ROOT_OWNED", "Entry", "File", "Folder", "Link", "Product", "entry_key", "write_layer"]

ROOT_OWNED = (0, 0)
CAPABILITY = "SCHILY.xattr.security.capability"


class Product(Protocol):
    """A program that the bake makes first."""

    @property
    def name(self) -> str: ...

    @property
    def key(self) -> str:
        """Changes when what is in it does."""

    def make(self, place: Path, cache: Path, running: Running) -> None:
        """Make it, into the file `place`. What it needs for that may stay in the folder `cache`."""


@dataclass(frozen=True, slots=True)
class File:
    """A file: its bytes, or the product that has them. Never a path: what was hashed is what goes in."""

    path: str
    source: bytes | Product
    mode: int = 0o644
    owner: tuple[int, int] = ROOT_OWNED
    capability: bytes = b""
    """The file's capabilities as the kernel keeps them, for a program that its official image gives one."""


@dataclass(frozen=True, slots=True)
class Link:
    path: str
    target: str


@dataclass(frozen=True, slots=True)
class Folder:
    path: str
    mode: int = 0o755
    owner: tuple[int, int] = ROOT_OWNED


Entry = File | Link | Folder


def entry_key(entry: Entry) -> str:
    """All that makes an entry what it is, as a text to hash."""
    if isinstance(entry, File):
        return repr((entry.path, _source_key(entry.source), entry.mode, entry.owner, entry.capability))
    return repr(entry)


def _source_key(source: bytes | Product) -> str:
    return hashlib.sha256(source).hexdigest() if isinstance(source, bytes) else source.key


def write_layer(entries: Iterable[Entry], find: Callable[[Product], Path], file: Path) -> str:
    """Write the layer; returns its digest. `find` tells where a product is. Times are zero: same entries, same layer."""
    with tarfile.open(file, "w", format=tarfile.PAX_FORMAT) as layer:
        for entry in sorted(entries, key=lambda entry: PurePosixPath(entry.path).parts):
            _add(layer, entry, find)
    with file.open("rb") as written:
        return hashlib.file_digest(written, "sha256").hexdigest()


def _add(layer: tarfile.TarFile, entry: Entry, find: Callable[[Product], Path]) -> None:
    info = tarfile.TarInfo(entry.path.strip("/"))
    if isinstance(entry, Link):
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, entry.target, 0o777
        layer.addfile(info)
        return
    info.mode, (info.uid, info.gid) = entry.mode, entry.owner
    if isinstance(entry, Folder):
        info.type = tarfile.DIRTYPE
        layer.addfile(info)
        return
    content = entry.source if isinstance(entry.source, bytes) else find(entry.source).read_bytes()
    info.size = len(content)
    if entry.capability:
        info.pax_headers = {CAPABILITY: entry.capability.decode("utf-8", "surrogateescape")}
    layer.addfile(info, io.BytesIO(content))

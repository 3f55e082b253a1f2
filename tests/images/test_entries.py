from __future__ import annotations

import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bakery.built import BIND_LOW_PORTS
from bakery.entries import Entry, File, Folder, Link, Product, entry_key, write_layer

if TYPE_CHECKING:
    from bakery.running import Running


@dataclass
class Program:
    """A product that was made before."""

    key: str = "1"
    name: str = "program"

    def make(self, place: Path, cache: Path, running: Running) -> None:
        raise AssertionError("made before")


def nothing(product: Product) -> Path:
    raise AssertionError(product)


ENTRIES: list[Entry] = [
    File("/b/file", b"text", 0o600, (1, 2)),
    Link("/a", "b"),
    Folder("/b", 0o1777, (3, 4)),
]


def test_a_layer_is_the_same_whatever_the_order(tmp_path: Path) -> None:
    one = write_layer(ENTRIES, nothing, tmp_path / "one")
    assert write_layer(ENTRIES[::-1], nothing, tmp_path / "two") == one
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_layer_holds_what_was_said(tmp_path: Path) -> None:
    write_layer(ENTRIES, nothing, tmp_path / "layer")
    with tarfile.open(tmp_path / "layer") as layer:
        link, folder, file = layer.getmembers()
        assert (link.name, link.linkname, link.issym()) == ("a", "b", True)
        assert (folder.name, folder.mode, folder.uid, folder.gid) == ("b", 0o1777, 3, 4)
        assert (file.name, file.mode, file.uid, file.gid, file.mtime) == ("b/file", 0o600, 1, 2, 0)
        opened = layer.extractfile(file)
        assert opened is not None
        assert opened.read() == b"text"


def test_a_program_comes_from_where_it_was_made(tmp_path: Path) -> None:
    (tmp_path / "made").write_bytes(b"binary")
    write_layer([File("/program", Program(), 0o755)], lambda _: tmp_path / "made", tmp_path / "layer")
    with tarfile.open(tmp_path / "layer") as layer:
        assert layer.getmember("program").size == 6


def test_a_capability_survives_as_the_kernel_keeps_it(tmp_path: Path) -> None:
    entry = File("/program", b"", 0o755, capability=BIND_LOW_PORTS)
    write_layer([entry], nothing, tmp_path / "layer")
    with tarfile.open(tmp_path / "layer") as layer:
        kept = layer.getmember("program").pax_headers["SCHILY.xattr.security.capability"]
    assert kept.encode("utf-8", "surrogateescape") == BIND_LOW_PORTS


def test_whatever_changes_an_entry_changes_its_key() -> None:
    same = File("/a", b"text")
    others: list[Entry] = [
        File("/b", b"text"),
        File("/a", b"other"),
        File("/a", b"text", 0o755),
        File("/a", b"text", owner=(1, 1)),
        File("/a", b"text", capability=BIND_LOW_PORTS),
        File("/a", Program()),
        File("/a", Program("2")),
        Link("/a", "text"),
        Folder("/a"),
    ]
    keys = {entry_key(entry) for entry in [same, *others]}
    assert len(keys) == len(others) + 1
    assert entry_key(same) == entry_key(File("/a", b"text"))

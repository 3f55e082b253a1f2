from __future__ import annotations

import posixpath
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from blackstart.errors import ReplicaError
from blackstart.faults.registry.shelf import Shelf, shelf_in, shelf_of
from blackstart.replica.base import Completed
from blackstart.replica.programs.registry_image import image


class InVolume:
    """A registry's container with a folder of this machine for its disk."""

    def __init__(self, disk: Path) -> None:
        self._disk = disk

    def container(self, _: str) -> InVolume:
        return self

    def exec(self, argv: Sequence[str]) -> Completed:
        here = [word.replace("/var/lib", f"{self._disk}/var/lib") for word in argv]
        done = subprocess.run(here, capture_output=True, text=True, check=False)
        return Completed(done.returncode, done.stdout, done.stderr)

    def size(self, path: str) -> int:
        file = self._at(path)
        return file.stat().st_size if file.exists() else 0

    def get(self, path: str) -> bytes:
        return self._at(path).read_bytes()

    def put(self, path: str, data: bytes) -> None:
        self._at(path).write_bytes(data)

    def _at(self, path: str) -> Path:
        return self._disk / posixpath.relpath(path, "/")


@pytest.fixture
def replica(tmp_path: Path) -> Any:
    """A replica whose registry is a Distribution that has the image of payments."""
    root = tmp_path / "var/lib/registry/docker/registry/v2"
    pushed = image("payments")
    for digest, content in {**pushed.blobs, **image("orders").blobs}.items():
        number = digest.removeprefix("sha256:")
        file = root / "blobs/sha256" / number[:2] / number / "data"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    tag = root / "repositories/payments/_manifests/tags/stable/current/link"
    tag.parent.mkdir(parents=True)
    tag.write_text(pushed.digest)
    return InVolume(tmp_path)


@pytest.fixture
def shelf(replica: Any) -> Shelf:
    return shelf_of(replica, "registry")


def test_a_blob_that_was_taken_away_is_written_anew(shelf: Shelf) -> None:
    own = list(image("payments").blobs)[2]
    assert shelf.whole(own)
    shelf.lose(own)
    shelf.lose(own)
    assert not shelf.whole(own)
    shelf.put_back(own)
    shelf.put_back(own)
    assert shelf.whole(own)


def test_a_tag_that_is_moved_has_the_other_image_with_all_its_layers(shelf: Shelf, tmp_path: Path) -> None:
    other = image("orders")
    shelf.retag("payments", "orders")
    assert shelf.tagged("payments") == other.digest
    links = sorted(file.read_text() for file in tmp_path.rglob("link"))
    assert links == sorted([*other.blobs, other.digest, other.digest])
    shelf.retag("payments", "payments")
    assert shelf.tagged("payments") == image("payments").digest


def test_an_image_without_a_tag_points_nowhere(shelf: Shelf) -> None:
    assert shelf.tagged("search") == ""


def test_a_command_that_fails_is_an_error_with_its_words(
    replica: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replica, "exec", lambda _: Completed(1, "", "Read-only file system"))
    with pytest.raises(ReplicaError, match="rm in the registry's container failed: Read-only file system"):
        shelf_of(replica, "registry").lose(next(iter(image("payments").blobs)))


def test_an_undo_needs_nothing_to_find_a_volume(replica: Any, shelf: Shelf) -> None:
    again = shelf_in(replica, "registry", shelf.place())
    assert again is not None
    assert again.tagged("payments") == image("payments").digest

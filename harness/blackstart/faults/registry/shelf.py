"""Where a registry's images lie, for faults that take something away there: a folder of this machine, or a volume.

In a folder (zuul-registry) what is taken away stays beside the images. In a volume (Distribution) it is written anew
from the image's source, which is the same bytes wherever it is built; docker reads and writes there whether the
registry runs or not.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Protocol

from blackstart.errors import ReplicaError
from blackstart.faults.container.contained import Contained
from blackstart.faults.registry.storage import kept, put_back, store_in, store_of
from blackstart.replica.layout import CANARY, TEAMS
from blackstart.replica.programs.files import replaced
from blackstart.replica.programs.registry_image import TAG, digest_of, image
from blackstart.replica.programs.startpath import MANIFEST

if TYPE_CHECKING:
    from pathlib import Path

    from blackstart.faults.base import Undo
    from blackstart.replica.base import Replica
    from blackstart.replica.containers.server import ContainerServer
    from blackstart.replica.programs.registry_store import RegistryStore

__all__ = ["Shelf", "shelf_in", "shelf_of"]


class Shelf(Protocol):
    """Errors of every method: ReplicaError, OSError."""

    def place(self) -> dict[str, str]:
        """What an undo needs to find it again."""
        ...

    def whole(self, digest: str) -> bool:
        """Whether a blob is there and is what its digest says."""
        ...

    def lose(self, digest: str) -> None:
        """Take a blob away. Nothing happens when it is away already."""
        ...

    def put_back(self, digest: str) -> None:
        """Have it where it was, unless it is there again, whole."""
        ...

    def tagged(self, name: str) -> str:
        """The digest that an image's tag points to; empty when there is no such tag."""
        ...

    def retag(self, name: str, of: str) -> None:
        """Point an image's tag to what was released as another one, or as itself."""
        ...


def shelf_of(replica: Replica, target: str) -> Shelf:
    """ReplicaError for a replica whose registry keeps its images nowhere that we know."""
    if isinstance(replica, Contained):
        return _Volume(replica.container(target))
    return _Folder(store_of(replica, target))


def shelf_in(replica: Replica, target: str, undo: Undo) -> Shelf | None:
    """The one that a fault noted; None when it was thrown away with its replica."""
    if isinstance(replica, Contained):
        return _Volume(replica.container(target))
    store = store_in(undo)
    return _Folder(store) if store else None


class _Folder:
    def __init__(self, store: RegistryStore) -> None:
        self._store = store

    def place(self) -> dict[str, str]:
        return {"folder": str(self._store.folder)}

    def whole(self, digest: str) -> bool:
        return self._store.whole(digest)

    def lose(self, digest: str) -> None:
        if self._store.blob(digest).exists():
            kept(self._store, digest).parent.mkdir(exist_ok=True)
            os.replace(self._store.blob(digest), kept(self._store, digest))

    def put_back(self, digest: str) -> None:
        put_back({**self.place(), "digest": digest})

    def tagged(self, name: str) -> str:
        return str(_digests(self._store.tag(name, TAG)).get(MANIFEST, ""))

    def retag(self, name: str, of: str) -> None:
        file = self._store.tag(name, TAG)
        file.parent.mkdir(parents=True, exist_ok=True)
        replaced(file, json.dumps({**_digests(file), MANIFEST: image(of).digest}).encode())


def _digests(file: Path) -> dict[str, Any]:
    """Which digest a tag points to, for each media type; empty when there is no such tag."""
    try:
        return dict(json.loads(file.read_bytes()))
    except (FileNotFoundError, ValueError):
        return {}


# --- Distribution -------------------------------------------------------------------------------

_ROOT = "/var/lib/registry/docker/registry/v2"

_LINK = """\
for digest in "$@"; do
  folder=$base/${digest#sha256:}
  mkdir -p "$folder" && printf %s "$digest" >"$folder/link" || exit
done
"""
"""Links tell which blobs and manifests an image has; the blobs themselves are there once for all images."""


class _Volume:
    """Distribution's own layout (its package `registry/storage`, paths.go), in the registry's container."""

    def __init__(self, container: ContainerServer) -> None:
        self._container = container

    def place(self) -> dict[str, str]:
        return {}

    def whole(self, digest: str) -> bool:
        file = _blob(digest)
        return self._container.size(file) > 0 and digest_of(self._container.get(file)) == digest

    def lose(self, digest: str) -> None:
        self._run("rm", "-f", _blob(digest))

    def put_back(self, digest: str) -> None:
        if not self.whole(digest):
            self._container.put(_blob(digest), _released()[digest])

    def tagged(self, name: str) -> str:
        file = _tag(name)
        return self._container.get(file).decode("ascii", "replace") if self._container.size(file) else ""

    def retag(self, name: str, of: str) -> None:
        other = image(of)
        if of != name:
            self._link(f"{_repository(name)}/_layers/sha256", *other.blobs)
            self._link(f"{_repository(name)}/_manifests/revisions/sha256", other.digest)
        self._container.put(_tag(name), other.digest.encode())

    def _link(self, base: str, *digests: str) -> None:
        self._run("env", f"base={base}", "sh", "-c", _LINK, "sh", *digests)

    def _run(self, *argv: str) -> None:
        done = self._container.exec(argv)
        if done.exit_code:
            raise ReplicaError(f"{argv[0]} in the registry's container failed: {done.stderr or done.stdout}")


def _blob(digest: str) -> str:
    number = digest.removeprefix("sha256:")
    return f"{_ROOT}/blobs/sha256/{number[:2]}/{number}/data"


def _repository(name: str) -> str:
    return f"{_ROOT}/repositories/{name}"


def _tag(name: str) -> str:
    return f"{_repository(name)}/_manifests/tags/{TAG}/current/link"


def _released() -> dict[str, bytes]:
    """Every blob of every image that was released, by digest."""
    return {digest: content for name in (*TEAMS, CANARY) for digest, content in image(name).blobs.items()}

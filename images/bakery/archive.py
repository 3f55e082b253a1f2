"""An image as `docker load` takes it: layers, a configuration and a manifest in one tar stream.

Nothing is built inside docker, so there is no builder to depend on, nothing half made to clear away, and an image
with a small layer is there in a blink.
"""

from __future__ import annotations

import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

__all__ = ["Layer", "image_config", "write_archive"]

MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
MADE = "1970-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer's file and digest. `there`: docker has it already, so it need not be sent."""

    file: Path
    digest: str
    there: bool = False


def image_config(runs: Mapping[str, object], labels: Mapping[str, str], layers: Sequence[Layer]) -> bytes:
    """The image's configuration. `runs`: how it is run, in the words of the image specification (Entrypoint, ...)."""
    told = {
        "architecture": MACHINES.get(platform.machine(), platform.machine()),
        "os": "linux",
        "created": MADE,
        "config": {**runs, "Labels": labels},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer.digest}" for layer in layers]},
        "history": [{"created": MADE, "created_by": "images/bake"} for _ in layers],
    }
    return json.dumps(told, sort_keys=True).encode()


def write_archive(stream: IO[bytes], tag: str, config: bytes, layers: Sequence[Layer]) -> None:
    """Write the image `tag` to `stream`, without the layers that are there."""
    name = hashlib.sha256(config).hexdigest()
    manifest = [
        {"Config": f"{name}.json", "RepoTags": [tag], "Layers": [f"{each.digest}.tar" for each in layers]}
    ]
    with tarfile.open(fileobj=stream, mode="w|", bufsize=1 << 20) as archive:
        _add(archive, f"{name}.json", config)
        for layer in layers:
            if not layer.there:
                archive.add(layer.file, f"{layer.digest}.tar")
        _add(archive, "manifest.json", json.dumps(manifest).encode())


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    archive.addfile(info, io.BytesIO(content))

"""A team's image, built from nothing but its name: the same bytes and digests wherever it is built.

What was seeded, what a person builds and pushes again, and what a tag ought to point to are therefore one.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from blackstart.replica.programs.startpath import MANIFEST

__all__ = ["TAG", "Image", "digest_of", "empty_image", "image", "layer"]

TAG = "stable"
"""The tag that every deploy pulls."""

_LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"
_CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"


@dataclass(frozen=True, slots=True)
class Image:
    """Blobs by digest, in the manifest's order: configuration, base layer, the team's own layer."""

    blobs: Mapping[str, bytes]
    manifest: bytes

    @property
    def digest(self) -> str:
        return digest_of(self.manifest)


def digest_of(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def layer(files: Mapping[str, bytes]) -> bytes:
    """A layer's tarball, the same bytes on every machine."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            entry.mode = 0o644
            tar.addfile(entry, io.BytesIO(content))
    return gzip.compress(raw.getvalue(), mtime=0)


def image(name: str) -> Image:
    """The image of a service. Teams share the base layer."""
    layers = [
        layer(
            {"etc/os-release": b'ID=platform\nNAME="Platform base image"\n', "usr/lib/base": _filler("base")}
        ),
        layer({f"app/{name}": _filler(name), "app/README": f"The service of the team {name}.\n".encode()}),
    ]
    return _image({"Entrypoint": [f"/app/{name}"], "Labels": {"team": name}}, layers)


def empty_image() -> Image:
    """One without any layer: the least that every registry takes."""
    return _image({"Labels": {"about": "pushed by a probe"}}, [])


def _image(config: Mapping[str, object], layers: Sequence[bytes]) -> Image:
    settings = {
        "architecture": "amd64",
        "os": "linux",
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": [digest_of(gzip.decompress(each)) for each in layers]},
    }
    blobs = [json.dumps(settings, sort_keys=True).encode(), *layers]
    kinds = [_CONFIG_TYPE, *[_LAYER_TYPE] * len(layers)]
    described = [
        {"mediaType": kind, "digest": digest_of(blob), "size": len(blob)}
        for kind, blob in zip(kinds, blobs, strict=True)
    ]
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": described[0], "layers": described[1:]}
    return Image({digest_of(blob): blob for blob in blobs}, json.dumps(manifest, sort_keys=True).encode())


def _filler(name: str) -> bytes:
    """Bytes that do not compress: what is pulled has some weight."""
    return Random(name).randbytes(24_000)

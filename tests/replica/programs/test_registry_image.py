from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile

from blackstart.replica.programs.registry_image import digest_of, image, layer


def test_a_layer_is_the_same_bytes_every_time() -> None:
    files = {"a/b": b"content", "c": b""}
    assert layer(files) == layer(files)
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(layer(files)))) as tar:
        assert tar.getnames() == ["a/b", "c"]
        member = tar.extractfile("a/b")
        assert member is not None
        assert member.read() == b"content"


def test_an_image_holds_together() -> None:
    built = image("payments")
    manifest = json.loads(built.manifest)
    described = [manifest["config"], *manifest["layers"]]
    assert [each["digest"] for each in described] == list(built.blobs)
    for (digest, blob), each in zip(built.blobs.items(), described, strict=True):
        assert digest == "sha256:" + hashlib.sha256(blob).hexdigest()
        assert each["size"] == len(blob)
    config, *layers = built.blobs.values()
    diff_ids = [digest_of(gzip.decompress(each)) for each in layers]
    assert json.loads(config)["rootfs"]["diff_ids"] == diff_ids
    assert built.digest == digest_of(built.manifest)


def test_teams_share_the_base_layer_and_nothing_else() -> None:
    _, base, own = image("payments").blobs
    _, other_base, other = image("orders").blobs
    assert base == other_base
    assert own != other

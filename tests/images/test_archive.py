from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

from bakery.archive import Layer, image_config, write_archive


def test_an_archive_is_what_docker_load_takes(tmp_path: Path) -> None:
    layer = Layer(tmp_path / "layer", "abc")
    layer.file.write_bytes(b"a layer")
    config = image_config({"User": "nobody"}, {"blackstart.content": "1"}, [layer])
    stream = io.BytesIO()
    write_archive(stream, "name:1", config, [layer])
    stream.seek(0)
    with tarfile.open(fileobj=stream) as archive:
        names = archive.getnames()
        manifest = archive.extractfile("manifest.json")
        assert manifest is not None
        (told,) = json.load(manifest)
    assert told == {
        "Config": f"{hashlib.sha256(config).hexdigest()}.json",
        "RepoTags": ["name:1"],
        "Layers": ["abc.tar"],
    }
    assert {told["Config"], "abc.tar"} < set(names)


def test_a_layer_that_docker_has_is_named_and_not_sent(tmp_path: Path) -> None:
    top = Layer(tmp_path / "top", "def")
    top.file.write_bytes(b"small")
    base = Layer(tmp_path / "not even there", "abc", there=True)
    stream = io.BytesIO()
    write_archive(stream, "name:1", image_config({}, {}, [base, top]), [base, top])
    stream.seek(0)
    with tarfile.open(fileobj=stream) as archive:
        assert "abc.tar" not in archive.getnames()
        manifest = archive.extractfile("manifest.json")
        assert manifest is not None
        assert json.load(manifest)[0]["Layers"] == ["abc.tar", "def.tar"]


def test_the_configuration_tells_how_it_runs_and_what_is_inside(tmp_path: Path) -> None:
    layers = [Layer(tmp_path, "abc"), Layer(tmp_path, "def")]
    told = json.loads(image_config({"User": "nobody"}, {"blackstart.inside": "this"}, layers))
    assert told["config"] == {"User": "nobody", "Labels": {"blackstart.inside": "this"}}
    assert told["rootfs"] == {"type": "layers", "diff_ids": ["sha256:abc", "sha256:def"]}
    assert told["os"] == "linux"
    assert told["architecture"] in {"amd64", "arm64"}

"""The image registry: zuul-registry (OCI distribution API, token auth) over a folder, seeded with an image a team.

The images go in through the registry's own API, once; the folder is then copied for every replica.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import secrets
import shutil
import tarfile
from collections.abc import Mapping
from pathlib import Path
from random import Random

from blackstart.replica.asking import Refused
from blackstart.replica.cached import cache_dir, content_key, made_once, write_private
from blackstart.replica.layout import CANARY, HOST, TEAMS, Address
from blackstart.replica.ports import free_ports
from blackstart.replica.programs.httpclient import Answer, request
from blackstart.replica.programs.startpath import MANIFEST
from blackstart.replica.servers import Launch, Server
from blackstart.replica.tools import TOOLS
from blackstart.replica.waiting import wait_until

__all__ = ["check_pull", "copy_data", "image", "launch", "listening", "seeded"]

TAG = "stable"
_LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"
_CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
_PROGRAM = Path(__file__).parent.parent / "programs" / "registry_server.py"
_START_LIMIT_S = 20.0


def launch(
    folder: Path, port: int, readers: Mapping[str, str], env: Mapping[str, str], writer: str = ""
) -> Launch:
    """Write the configuration into the folder; the images lie in its `images`.

    `readers` may pull, by name and password; `writer` is the password of `seeder`, who may push (empty: nobody may).
    """
    users = [{"name": name, "pass": password, "access": "read"} for name, password in readers.items()]
    if writer:
        users.append({"name": "seeder", "pass": writer, "access": "write"})
    registry = {
        "address": HOST,
        "port": port,
        "public-url": f"http://{HOST}:{port}",
        "secret": secrets.token_hex(32),
        "users": users,
        "storage": {"driver": "filesystem", "root": "images"},
    }
    file = folder / "registry.json"  # read as YAML, of which JSON is a part
    write_private(file, json.dumps({"registry": registry}))
    return Launch([str(TOOLS["registry"].python), "-s", str(_PROGRAM), "-c", file.name, "serve"], env, folder)


def listening(address: Address) -> bool:
    """Whether it answers: 401 to whoever comes without a token."""
    try:
        return request(address, "GET", "/v2/", timeout_s=2.0).status == 401
    except OSError:
        return False


def _token(address: Address, user: str, password: str, scope: str, timeout_s: float) -> str:
    basic = base64.b64encode(f"{user}:{password}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}"}
    answer = request(address, "GET", f"/auth/token?scope={scope}", headers=headers, timeout_s=timeout_s)
    return str(_demand(answer).json()["token"])


def _demand(answer: Answer) -> Answer:
    if not answer.ok:
        raise Refused(answer.complaint())
    return answer


def check_pull(address: Address, user: str, password: str, timeout_s: float) -> None:
    """Get a token and an image's manifest, as a deploy would."""
    token = _token(address, user, password, f"repository:{user}:pull", timeout_s)
    headers = {"Authorization": f"Bearer {token}", "Accept": MANIFEST}
    _demand(request(address, "GET", f"/v2/{user}/manifests/{TAG}", headers=headers, timeout_s=timeout_s))


# --- the seed -----------------------------------------------------------------------------------


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


def digest_of(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def image(name: str) -> tuple[list[tuple[str, bytes]], bytes]:
    """A service's image: its blobs by digest (configuration first), and its manifest."""
    layers = [
        layer(
            {"etc/os-release": b'ID=platform\nNAME="Platform base image"\n', "usr/lib/base": _filler("base")}
        ),
        layer({f"app/{name}": _filler(name), "app/README": f"The service of the team {name}.\n".encode()}),
    ]
    settings = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Entrypoint": [f"/app/{name}"], "Labels": {"team": name}},
        "rootfs": {"type": "layers", "diff_ids": [digest_of(gzip.decompress(each)) for each in layers]},
    }
    blobs = [json.dumps(settings, sort_keys=True).encode(), *layers]
    kinds = [_CONFIG_TYPE, *[_LAYER_TYPE] * len(layers)]
    described = [
        {"mediaType": kind, "digest": digest_of(blob), "size": len(blob)}
        for kind, blob in zip(kinds, blobs, strict=True)
    ]
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": described[0], "layers": described[1:]}
    return [(digest_of(blob), blob) for blob in blobs], json.dumps(manifest, sort_keys=True).encode()


def _filler(name: str) -> bytes:
    """Bytes that do not compress: what is pulled has some weight."""
    return Random(name).randbytes(24_000)


def seeded(env: Mapping[str, str]) -> Path:
    """The folder with every team's image, made once by a server with that environment.

    ReplicaError when the registry will not start.
    """
    source = Path(__file__).read_text("utf-8")  # whatever changes what a seed contains is in this file
    key = content_key(TOOLS["registry"].version, source, *TEAMS, CANARY)
    return made_once(cache_dir() / "seeds" / f"registry-{key}", lambda place: _make_seed(place, env))


def copy_data(seed: Path, folder: Path) -> None:
    shutil.copytree(seed / "images", folder / "images", dirs_exist_ok=True)


def _make_seed(folder: Path, env: Mapping[str, str]) -> None:
    (folder / "images").mkdir(parents=True)
    (port,) = free_ports(1)
    password = secrets.token_hex(16)
    started = launch(folder, port, {"reader": secrets.token_hex(16)}, env, writer=password)
    server = Server("registry", started, folder / "seed.log")
    server.start()
    try:
        up = wait_until(lambda: listening((HOST, port)) or not server.running(), _START_LIMIT_S)
        if not up or not server.running():
            raise server.failed("did not start to be seeded")
        for name in (*TEAMS, CANARY):
            _push((HOST, port), password, name)
    finally:
        server.stop()


def _push(address: Address, password: str, name: str) -> None:
    """Push an image as a client would: each blob in one piece, then the manifest under its tag."""
    token = _token(address, "seeder", password, f"repository:{name}:push", 5.0)
    bearer = {"Authorization": f"Bearer {token}"}
    blobs, manifest = image(name)
    for digest, blob in blobs:
        begun = _demand(_call(address, "POST", f"/v2/{name}/blobs/uploads/", bearer, b""))
        place = f"{begun.headers['location']}?digest={digest}"
        _demand(_call(address, "PUT", place, {**bearer, "Content-Type": "application/octet-stream"}, blob))
    _demand(
        _call(address, "PUT", f"/v2/{name}/manifests/{TAG}", {**bearer, "Content-Type": MANIFEST}, manifest)
    )


def _call(address: Address, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
    return request(address, method, path, body=body, headers=headers, timeout_s=10.0)

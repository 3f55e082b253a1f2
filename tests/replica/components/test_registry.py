from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from blackstart.replica.asking import Refused
from blackstart.replica.components import registry
from blackstart.replica.layout import CANARY, HOST, TEAMS, Address
from blackstart.replica.ports import free_ports
from blackstart.replica.programs.httpclient import request
from blackstart.replica.programs.startpath import MANIFEST
from blackstart.replica.servers import Server
from blackstart.replica.tools import ensure_tools
from blackstart.replica.waiting import wait_until

LIMIT_S = 30.0
ENV = {"PATH": os.defpath, "LANG": "C.UTF-8"}


def test_a_layer_is_the_same_bytes_every_time() -> None:
    files = {"a/b": b"content", "c": b""}
    assert registry.layer(files) == registry.layer(files)
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(registry.layer(files)))) as tar:
        assert tar.getnames() == ["a/b", "c"]
        member = tar.extractfile("a/b")
        assert member is not None
        assert member.read() == b"content"


def test_an_image_holds_together() -> None:
    blobs, text = registry.image("payments")
    manifest = json.loads(text)
    described = [manifest["config"], *manifest["layers"]]
    assert [each["digest"] for each in described] == [digest for digest, _ in blobs]
    for (digest, blob), each in zip(blobs, described, strict=True):
        assert digest == "sha256:" + hashlib.sha256(blob).hexdigest()
        assert each["size"] == len(blob)
    config = json.loads(blobs[0][1])
    layers = [gzip.decompress(blob) for _, blob in blobs[1:]]
    assert config["rootfs"]["diff_ids"] == ["sha256:" + hashlib.sha256(layer).hexdigest() for layer in layers]


def test_teams_share_the_base_layer_and_nothing_else() -> None:
    (_, base, own), _ = registry.image("payments")
    (_, other_base, other), _ = registry.image("orders")
    assert base == other_base
    assert own != other


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    """A registry with the seeded images and two people who may pull."""
    ensure_tools(lambda *news: None)
    folder: Path = tmp_path_factory.mktemp("registry")
    (port,) = free_ports(1)
    readers = {"payments": "right", CANARY: "also"}
    server = Server("registry", registry.launch(folder, port, readers, ENV), folder / "log")
    registry.copy_data(registry.seeded(ENV), folder)
    server.start()
    try:
        assert wait_until(lambda: registry.listening((HOST, port)), LIMIT_S)
        yield (HOST, port)
    finally:
        server.kill()


@pytest.mark.replica
def test_every_team_has_an_image(running: Address) -> None:
    for name in (*TEAMS, CANARY):
        token = registry._token(running, "payments", "right", f"repository:{name}:pull", LIMIT_S)
        headers = {"Authorization": f"Bearer {token}", "Accept": MANIFEST}
        answer = request(running, "GET", f"/v2/{name}/manifests/stable", headers=headers, timeout_s=LIMIT_S)
        assert answer.body == registry.image(name)[1]
        digest = hashlib.sha256(answer.body).hexdigest()
        assert answer.headers["docker-content-digest"] == f"sha256:{digest}"


@pytest.mark.replica
def test_pulling_takes_the_right_password(running: Address) -> None:
    registry.check_pull(running, "payments", "right", LIMIT_S)
    with pytest.raises(Refused, match=r"^401 Unauthorized$"):
        registry.check_pull(running, "payments", "wrong", LIMIT_S)


@pytest.mark.replica
def test_an_image_that_is_not_there(running: Address) -> None:
    token = registry._token(running, "payments", "right", "repository:nobody:pull", LIMIT_S)
    headers = {"Authorization": f"Bearer {token}", "Accept": MANIFEST}
    answer = request(running, "GET", "/v2/nobody/manifests/stable", headers=headers, timeout_s=LIMIT_S)
    assert answer.status == 404


@pytest.mark.replica
def test_nobody_may_push_once_it_is_seeded(running: Address) -> None:
    with pytest.raises(Refused, match="401"):
        registry._token(running, "payments", "right", "repository:payments:push", LIMIT_S)


@pytest.mark.replica
def test_nobody_gets_in_without_a_token(running: Address) -> None:
    answer = request(running, "GET", "/v2/payments/manifests/stable", timeout_s=LIMIT_S)
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith(
        f'Bearer realm="http://{HOST}:{running[1]}/auth/token"'
    )

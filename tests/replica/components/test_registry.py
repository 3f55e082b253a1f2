from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from blackstart.replica.components import registry
from blackstart.replica.layout import CANARY, HOST, TEAMS, Address
from blackstart.replica.ports import free_ports
from blackstart.replica.programs.httpclient import request
from blackstart.replica.programs.processes import LABEL
from blackstart.replica.programs.registry_client import RegistryClient, RegistryRefused
from blackstart.replica.programs.registry_image import TAG, image
from blackstart.replica.programs.registry_store import PUBLISHER, RegistryStore
from blackstart.replica.servers import Server
from blackstart.replica.tools import ensure_tools
from blackstart.replica.waiting import wait_until

IMAGES = (*TEAMS, CANARY)
LIMIT_S = 30.0
ENV = {"PATH": os.defpath, "LANG": "C.UTF-8", LABEL: f"test-registry-{os.getpid()}"}


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
    client = RegistryClient(running, "payments", "right", timeout_s=LIMIT_S)
    assert {name: client.pull(name, TAG) for name in IMAGES} == {name: image(name).digest for name in IMAGES}


@pytest.mark.replica
def test_pulling_takes_the_right_password(running: Address) -> None:
    registry.check_pull(running, "payments", "right", LIMIT_S)
    with pytest.raises(RegistryRefused, match=r"^401 Unauthorized$"):
        registry.check_pull(running, "payments", "wrong", LIMIT_S)


@pytest.mark.replica
def test_an_image_that_is_not_there(running: Address) -> None:
    with pytest.raises(RegistryRefused, match=r"^404 Not Found$"):
        RegistryClient(running, "payments", "right", timeout_s=LIMIT_S).manifest("nobody", TAG)


@pytest.mark.replica
def test_those_who_pull_may_not_push(running: Address) -> None:
    with pytest.raises(RegistryRefused, match="401"):
        RegistryClient(running, "payments", "right", timeout_s=LIMIT_S).put_blob("payments", b"mine")


@pytest.mark.replica
def test_nobody_gets_in_without_a_token(running: Address) -> None:
    answer = request(running, "GET", "/v2/payments/manifests/stable", timeout_s=LIMIT_S)
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith(
        f'Bearer realm="http://{HOST}:{running[1]}/auth/token"'
    )


def test_the_configuration_keeps_what_people_changed(tmp_path: Path) -> None:
    registry.launch(tmp_path, 5000, {"payments": "right"}, ENV)
    store = RegistryStore(tmp_path)
    password = store.password(PUBLISHER)
    store.expire({"payments": "2026-01-01T00:00:00+00:00"})
    registry.launch(tmp_path, 5001, {"payments": "another"}, ENV, public=("127.0.0.1", 5002))
    assert store.password(PUBLISHER) == password
    assert store.password("payments") == "right"
    assert store.accounts("read") == {"payments": "2026-01-01T00:00:00+00:00"}
    assert store.address() == ("127.0.0.1", 5002)
    assert store.settings()["port"] == 5001


def test_the_configuration_is_its_owners_alone(tmp_path: Path) -> None:
    registry.launch(tmp_path, 5000, {}, ENV)
    assert RegistryStore(tmp_path).config.stat().st_mode & 0o777 == 0o600
    assert json.loads(RegistryStore(tmp_path).config.read_text())["registry"]["port"] == 5000

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from blackstart.replica.asking import ProbeBroken, Refused
from blackstart.replica.components import workload
from blackstart.replica.layout import CANARY, TEAMS
from blackstart.replica.programs.httpclient import request
from blackstart.replica.programs.order import order
from blackstart.replica.waiting import wait_until

if TYPE_CHECKING:
    from blackstart.replica.components.workload import Service
    from blackstart.replica.local import LocalReplica

LIMIT_S = 30.0

pytestmark = pytest.mark.replica


def service(replica: LocalReplica, name: str) -> Service:
    return replica.site.services[name]


def page(replica: LocalReplica, name: str) -> dict[str, Any]:
    shown: dict[str, Any] = request(service(replica, name).address, "GET", "/", timeout_s=LIMIT_S).json()
    return shown


def version(replica: LocalReplica, name: str) -> int:
    return int(page(replica, name)["version"].removeprefix("v"))


def serving(replica: LocalReplica, name: str) -> bool:
    try:
        workload.check_serving(service(replica, name), LIMIT_S)
    except (Refused, OSError):
        return False
    return True


def children(replica: LocalReplica, name: str) -> list[psutil.Process]:
    return psutil.Process(replica._servers[name].pid).children()


def ended(process: psutil.Process) -> bool:
    """Whether it is gone, or waits to be reaped; it may go while it is looked at."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_each_service_serves_and_shows_no_secret(replica: LocalReplica) -> None:
    for team in TEAMS:
        shown = page(replica, team)
        assert set(shown) == {"team", "version", "holds_secret", "image"}
        assert (shown["team"], shown["holds_secret"]) == (team, True)
        assert shown["image"].startswith("sha256:")
        health = request(service(replica, team).address, "GET", "/healthz", timeout_s=LIMIT_S)
        assert health.json() == {"ok": True}
        assert request(service(replica, team).address, "GET", "/secret", timeout_s=LIMIT_S).status == 404


def test_a_deploy_is_a_new_process_behind_the_same_port(replica: LocalReplica) -> None:
    before, (old,) = version(replica, "payments"), children(replica, "payments")
    lines = list(order(service(replica, "payments").control, _token(replica), "deploy", timeout_s=LIMIT_S))
    assert [line["step"] for line in lines[:-1]] == [
        "find vault",
        "login",
        "secret",
        "find registry",
        "pull token",
        "pull image",
        "serve",
    ]
    assert all(line["ok"] for line in lines)
    after = version(replica, "payments")
    assert lines[-1]["version"] == f"v{after}"
    assert after > before, "one that fails has a number too, so it need not be the next"
    assert wait_until(lambda: ended(old), LIMIT_S)
    (new,) = children(replica, "payments")
    assert new.pid != old.pid


def _token(replica: LocalReplica) -> str:
    return service(replica, "payments").token


def test_every_process_of_a_service_carries_the_label(replica: LocalReplica) -> None:
    for name in (*TEAMS, CANARY):
        for process in [psutil.Process(replica._servers[name].pid), *children(replica, name)]:
            assert process.environ()["BLACKSTART_LABEL"] == replica.label


def test_a_version_that_dies_is_replaced(replica: LocalReplica) -> None:
    before, (child,) = version(replica, "orders"), children(replica, "orders")
    child.kill()
    assert wait_until(lambda: serving(replica, "orders"), LIMIT_S)
    assert wait_until(lambda: serving(replica, "orders") and version(replica, "orders") > before, LIMIT_S)


def test_orders_need_the_token(replica: LocalReplica) -> None:
    before = version(replica, "search")
    lines = list(order(service(replica, "search").control, "guess", "deploy", timeout_s=LIMIT_S))
    assert lines == [{"done": True, "ok": False, "detail": "not allowed"}]
    assert version(replica, "search") == before


@pytest.mark.parametrize("rubbish", [b"\n", b"{\n", b"[]\n", b"GET / HTTP/1.1\r\n\r\n"])
def test_who_speaks_another_language_does_no_harm(replica: LocalReplica, rubbish: bytes) -> None:
    with socket.create_connection(service(replica, "search").control, timeout=LIMIT_S) as connection:
        connection.sendall(rubbish)
        assert connection.recv(100) == b""
    assert workload.reachable(service(replica, "search"))


def test_a_layer_that_was_tampered_with_is_not_deployed(replica: LocalReplica) -> None:
    before = version(replica, "payments")
    manifest = _stored_manifest(replica, "payments")
    blob = _images(replica) / "_local" / "blobs" / manifest["layers"][1]["digest"] / "data"
    kept = blob.read_bytes()
    blob.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
    try:
        with pytest.raises(Refused, match=r"^pull image: a layer is sha256:\w{12}, not sha256:\w{12}$"):
            workload.deploy(service(replica, "payments"))
        assert version(replica, "payments") == before, "the old version stays"
        shutil.move(blob, blob.with_name("away"))
        with pytest.raises(Refused, match=r"^pull image: 404 Not Found for sha256:\w{12}$"):
            workload.deploy(service(replica, "payments"))
    finally:
        blob.write_bytes(kept)
    workload.deploy(service(replica, "payments"))
    assert version(replica, "payments") > before


def _images(replica: LocalReplica) -> Path:
    return replica.data("registry") / "images"


def _stored_manifest(replica: LocalReplica, name: str) -> dict[str, Any]:
    tag = json.loads((_images(replica) / "_local" / "repos" / name / "manifests" / "stable").read_text())
    (digest,) = tag.values()
    manifest: dict[str, Any] = json.loads(
        (_images(replica) / "_local" / "blobs" / digest / "data").read_text()
    )
    return manifest


def test_shipping_leaves_nothing_behind(replica: LocalReplica) -> None:
    workload.check_ship(service(replica, CANARY), LIMIT_S)
    assert children(replica, CANARY) == []
    with pytest.raises(ConnectionRefusedError):
        request(replica.site.itself(CANARY).address, "GET", "/", timeout_s=LIMIT_S)


def test_shipping_without_a_canary_says_nothing_of_shipping(replica: LocalReplica) -> None:
    server = replica._servers[CANARY]
    server.kill()
    try:
        with pytest.raises(ProbeBroken, match="the canary's own supervisor is gone"):
            workload.check_ship(service(replica, CANARY), LIMIT_S)
    finally:
        server.start()
        assert wait_until(lambda: workload.reachable(service(replica, CANARY)), LIMIT_S)
    workload.check_ship(service(replica, CANARY), LIMIT_S)


def test_versions_count_on_after_a_restart(replica: LocalReplica) -> None:
    before = version(replica, "search")
    replica.kill("search")
    assert not serving(replica, "search")
    replica.start("search")
    assert wait_until(lambda: serving(replica, "search"), LIMIT_S)
    assert version(replica, "search") > before


def test_an_order_is_carried_out_though_nobody_listens(replica: LocalReplica) -> None:
    before = version(replica, "orders")
    said = order(service(replica, "orders").control, _token(replica), "deploy", timeout_s=LIMIT_S)
    next(said)
    said.close()
    assert wait_until(lambda: serving(replica, "orders") and version(replica, "orders") > before, LIMIT_S)


def test_a_supervisor_ends_at_sigterm_with_its_version(replica: LocalReplica) -> None:
    (child,) = children(replica, "search")
    pid = replica._servers["search"].pid
    assert pid is not None
    os.kill(pid, signal.SIGTERM)
    assert wait_until(lambda: replica.exited() == {"search": 0}, LIMIT_S)
    assert wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, LIMIT_S)
    replica.start("search")
    assert wait_until(lambda: serving(replica, "search"), LIMIT_S)
    assert replica.exited() == {}

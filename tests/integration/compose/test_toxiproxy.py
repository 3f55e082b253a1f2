"""The harness's client, and two proxies in a row, with the Toxiproxy of the compose replica itself."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blackstart.replica.ports import free_ports
from blackstart.replica.waiting import wait_until
from blackstart.toxics.errors import ProxyRefused
from blackstart.toxics.links import BEHIND, Links
from blackstart.toxics.toxiproxy import Toxiproxy

if TYPE_CHECKING:
    from blackstart.replica.containers.engine import Engine

ENV = Path(__file__).parents[3] / ".env"

LIMIT_S = 60.0

VALUES: dict[str, dict[str, int]] = {"bandwidth": {"rate": 5}, "slicer": {"average_size": 5}}


def image() -> str:
    lines = ENV.read_text("utf-8").splitlines()
    return next(line.partition("=")[2] for line in lines if line.startswith("TOXIPROXY_IMAGE="))


def answers(client: Toxiproxy) -> bool:
    try:
        client.version()
    except OSError:
        return False
    return True


@pytest.fixture(scope="module")
def real(engine: Engine) -> Iterator[Toxiproxy]:
    (port,) = free_ports(1)
    words = ["-host", "127.0.0.1", "-port", str(port)]
    container = engine.client.containers.run(image(), words, network_mode="host", detach=True)
    client = Toxiproxy("127.0.0.1", port)
    try:
        assert wait_until(lambda: answers(client), LIMIT_S), container.logs().decode()
        yield client
    finally:
        container.remove(force=True, v=True)


@pytest.fixture
def back(real: Toxiproxy) -> Iterator[Toxiproxy]:
    """The real one; what a test made in it is gone afterwards."""
    yield real
    for name in real.proxies():
        real.delete(name)


@pytest.fixture
def front() -> Iterator[Toxiproxy]:
    argv = [sys.executable, "-m", "blackstart.toxics", "--port", "0"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield Toxiproxy("127.0.0.1", int(process.stdout.readline().rpartition(":")[2]))
        process.kill()


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(LIMIT_S)
        yield listener


@pytest.fixture
def links(front: Toxiproxy, back: Toxiproxy, server: socket.socket) -> Links:
    """`web`: through both to the server."""
    behind = back.create("web", "127.0.0.1:0", "{}:{}".format(*server.getsockname()))
    front.create("web", "127.0.0.1:0", behind["listen"])
    return Links(front, back)


@pytest.fixture
def ends(links: Links, server: socket.socket) -> Iterator[tuple[socket.socket, socket.socket]]:
    """One connection: the client's end and the server's."""
    host, _, port = links.proxy("web")["listen"].rpartition(":")
    with socket.create_connection((host, int(port)), timeout=LIMIT_S) as client:
        accepted, _ = server.accept()
        with accepted:
            accepted.settimeout(LIMIT_S)
            yield client, accepted


def test_it_is_a_real_one(back: Toxiproxy) -> None:
    version = back.version()
    assert version.startswith("2.")
    assert "blackstart" not in version


@pytest.mark.parametrize("type", sorted(BEHIND))
def test_a_toxic_that_goes_behind_from_birth_to_death(links: Links, back: Toxiproxy, type: str) -> None:
    links.add("web", type, name="it", attributes=VALUES.get(type))
    (toxic,) = back.toxics("web")
    assert (toxic["name"], toxic["type"], toxic["toxicity"]) == ("it", type, 1)
    assert links.update("web", "it", attributes=toxic["attributes"])["attributes"] == toxic["attributes"]
    links.remove("web", "it")
    links.remove("web", "it")
    assert links.toxics("web") == []


def test_what_it_would_pass_over_or_die_of_is_refused(back: Toxiproxy) -> None:
    back.create("web", "127.0.0.1:0", "127.0.0.1:1")
    with pytest.raises(ProxyRefused, match="a Toxiproxy does not know a toxic for some clients only"):
        back.add("web", "noop", clients=["127.0.1.11"])
    with pytest.raises(ProxyRefused, match="average_size must be from 1"):
        back.add("web", "slicer")
    assert back.toxics("web") == []
    with pytest.raises(ProxyRefused, match=r"invalid toxic type \(status 400\)"):
        back.add("web", "packet_loss")
    with pytest.raises(ProxyRefused, match=r"proxy already exists \(status 409\)"):
        back.create("web", "127.0.0.1:0", "127.0.0.1:1")


def test_what_it_does_comes_through_the_front(
    links: Links, ends: tuple[socket.socket, socket.socket]
) -> None:
    client, server = ends
    links.add("web", "limit_data", attributes={"bytes": 3})
    server.sendall(b"answer")
    assert client.recv(6, socket.MSG_WAITALL) == b"ans"
    assert client.recv(1) == b""


def test_a_connection_that_was_open_before_is_reset(
    links: Links, ends: tuple[socket.socket, socket.socket]
) -> None:
    """A Toxiproxy ends it with a plain close, so this is the front's."""
    client, server = ends
    client.sendall(b"question")
    assert server.recv(8, socket.MSG_WAITALL) == b"question"
    links.add("web", "reset_peer")
    server.sendall(b"answer")
    with pytest.raises(ConnectionResetError):
        client.recv(6)


def test_a_link_that_is_down_refuses(links: Links) -> None:
    host, _, port = links.proxy("web")["listen"].rpartition(":")
    links.disable("web")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=LIMIT_S)
    links.enable("web")
    socket.create_connection((host, int(port)), timeout=LIMIT_S).close()

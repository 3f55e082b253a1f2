"""The client against the program itself."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from blackstart.toxics.client import Client
from blackstart.toxics.errors import ProxyRefused

if TYPE_CHECKING:
    from tests.toxics.conftest import Program

DEAD = "127.0.0.1:1"


@pytest.fixture
def client(program: Program) -> Iterator[Client]:
    made = program.client
    yield made
    for name in made.proxies():
        made.delete(name)


def test_a_proxy_from_birth_to_death(client: Client) -> None:
    made = client.create("one", "127.0.0.1:0", DEAD, "udp")
    assert (made["name"], made["protocol"], made["enabled"], made["upstream"]) == ("one", "udp", True, DEAD)
    assert client.proxies() == {"one": made}
    assert client.proxy("one") == made
    assert client.move("one", upstream="127.0.0.1:2")["upstream"] == "127.0.0.1:2"
    client.disable("one")
    assert not client.proxy("one")["enabled"]
    client.enable("one")
    assert client.proxy("one")["enabled"]
    client.delete("one")
    client.delete("one")
    assert client.proxies() == {}


def test_the_protocol_is_told_of_a_tcp_proxy_too(client: Client) -> None:
    client.create("one", "127.0.0.1:0", DEAD)
    assert client.proxies()["one"]["protocol"] == "tcp"


def test_populate(client: Client) -> None:
    wishes = [{"name": name, "listen": "127.0.0.1:0", "upstream": DEAD} for name in ("one", "two")]
    assert [proxy["name"] for proxy in client.populate(wishes)] == ["one", "two"]


def test_a_toxic_from_birth_to_death(client: Client) -> None:
    client.create("one", "127.0.0.1:0", DEAD)
    made = client.add(
        "one", "latency", attributes={"latency": 5}, clients=("127.0.1.11",), ttl_ms=60_000, toxicity=0.5
    )
    assert client.toxics("one") == [made]
    assert (made["name"], made["clients"], made["ttl_ms"]) == ("latency_downstream", ["127.0.1.11"], 60_000)
    changed = client.update("one", made["name"], attributes={"jitter": 1}, clients=(), ttl_ms=0, toxicity=1)
    assert changed["attributes"] == {"latency": 5, "jitter": 1}
    assert "clients" not in changed
    assert "ttl_ms" not in changed
    client.remove("one", made["name"])
    client.remove("one", made["name"])
    client.remove("nowhere", "at-all")
    assert client.toxics("one") == []


def test_down_for_a_time_only(client: Client) -> None:
    client.create("one", "127.0.0.1:0", DEAD)
    client.disable("one", ttl_ms=1)
    while not client.proxy("one")["enabled"]:
        pass


def test_names_of_any_letters(client: Client) -> None:
    client.create("a b?é#%", "127.0.0.1:0", DEAD)
    client.add("a b?é#%", "noop", name="100%")
    client.remove("a b?é#%", "100%")
    client.delete("a b?é#%")
    assert client.proxies() == {}


def test_what_is_refused_is_an_error_with_its_status_and_sentence(client: Client) -> None:
    client.create("one", "127.0.0.1:0", DEAD)
    with pytest.raises(ProxyRefused) as caught:
        client.add("one", "bandwidth", attributes={"rate": 0})
    assert caught.value.status == 400
    assert "timeout 0" in caught.value.message
    with pytest.raises(ProxyRefused, match=r"proxy not found \(status 404\)"):
        client.toxics("two")


def test_reset_version_and_metrics(client: Client) -> None:
    client.create("one", "127.0.0.1:0", DEAD)
    client.add("one", "noop")
    client.disable("one")
    client.reset()
    assert (client.proxy("one")["enabled"], client.toxics("one")) == (True, [])
    assert client.version().startswith("2.12.0+blackstart.")
    assert 'blackstart_proxy_enabled{proxy="one"} 1' in client.metrics()


def test_nobody_there_is_an_os_error() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        with pytest.raises(ConnectionRefusedError):
            Client("127.0.0.1", sock.getsockname()[1]).proxies()

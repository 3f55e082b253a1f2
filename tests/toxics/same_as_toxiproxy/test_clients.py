"""Public clients of Toxiproxy, unchanged: toxiproxy-python 0.1.1 and chaostoolkit-toxiproxy 0.3.1."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from chaostoxi.proxy import actions as chaos_proxy
from chaostoxi.proxy import probes as chaos_probes
from chaostoxi.toxic import actions as chaos_toxic
from toxiproxy import Toxiproxy
from toxiproxy.api import APIConsumer
from toxiproxy.exceptions import InvalidToxic, NotFound, ProxyExists

if TYPE_CHECKING:
    from tests.toxics.same_as_toxiproxy.conftest import Reading, Subject, Upstream

DEAD = "127.0.0.1:1"

EVERY_TOXIC: dict[str, dict[str, float]] = {
    "noop": {},
    "latency": {"latency": 20, "jitter": 5},
    "bandwidth": {"rate": 1_000},
    "slow_close": {"delay": 20},
    "timeout": {"timeout": 20},
    "reset_peer": {"timeout": 20},
    "slicer": {"average_size": 2, "size_variation": 1, "delay": 10},
    "limit_data": {"bytes": 3},
    "packet_loss": {"loss_rate": 0.5, "correlation": 0.1},
}

IN_NO_RELEASE = {"packet_loss"}
"""What Toxiproxy 2.12.0 does not know."""

WHAT_ARRIVES: dict[str, bytes] = {"timeout": b"", "limit_data": b"byt"}
"""Of `bytes`, and then the end. Of the rest, everything arrives."""


@pytest.fixture
def client(proxy: Subject) -> Iterator[Any]:
    """The one server that the client can know is a class attribute of it."""
    before = APIConsumer.host, APIConsumer.port
    made = Toxiproxy()
    made.update_api_consumer("127.0.0.1", proxy.port)
    yield made
    made.update_api_consumer(*before)


class TestToxiproxyPython:
    def test_it_runs_and_has_a_version(self, client: Any) -> None:
        assert client.running()
        assert b"version" in client.version()

    def test_create_get_and_destroy(self, client: Any) -> None:
        made = client.create(name="one", upstream=DEAD)
        assert (made.name, made.upstream, made.enabled) == ("one", DEAD, True)
        assert client.get_proxy("one").listen == made.listen
        assert list(client.proxies()) == ["one"]
        assert client.destroy(made)
        assert client.get_proxy("one") is None

    def test_a_name_that_is_taken(self, client: Any) -> None:
        client.create(name="one", upstream=DEAD)
        with pytest.raises(ProxyExists):
            APIConsumer.post("/proxies", json={"name": "one", "upstream": DEAD, "listen": "127.0.0.1:0"})

    def test_populate_and_destroy_all(self, client: Any) -> None:
        made = client.populate([{"name": name, "upstream": DEAD} for name in ("one", "two")])
        assert [one.name for one in made] == ["one", "two"]
        client.destroy_all()
        assert client.proxies() == {}

    def test_populate_again_replaces_what_is_different(self, client: Any) -> None:
        first = client.populate([{"name": "one", "upstream": DEAD}])[0]
        wish = {"name": "one", "upstream": DEAD, "listen": first.listen}
        assert client.populate([wish]) == []
        assert client.populate([{**wish, "upstream": "127.0.0.1:2"}])[0].upstream == "127.0.0.1:2"

    def test_down_while_the_block_lasts(self, client: Any, upstream: Upstream, read: Reading) -> None:
        made = client.create(name="one", upstream=upstream.address)
        host, _, port = made.listen.rpartition(":")
        with made.down(), pytest.raises(ConnectionRefusedError):
            socket.create_connection((host, int(port)))
        ours, theirs = upstream.pair((host, int(port)))
        ours.sendall(b"up")
        assert read.exactly(theirs, 2) == b"up"

    @pytest.mark.parametrize("stream", ["upstream", "downstream"])
    @pytest.mark.parametrize("kind", EVERY_TOXIC)
    def test_every_toxic_both_ways(
        self, client: Any, proxy: Subject, upstream: Upstream, read: Reading, kind: str, stream: str
    ) -> None:
        made = client.create(name="one", upstream=upstream.address)
        asked = {"name": "t", "type": kind, "stream": stream, "attributes": EVERY_TOXIC[kind]}
        if proxy.real and kind in IN_NO_RELEASE:
            with pytest.raises(InvalidToxic):
                made.add_toxic(**asked)
            return
        made.add_toxic(**asked)
        toxic = made.get_toxic("t")
        assert (toxic.type, toxic.stream, toxic.toxicity) == (kind, stream, 1)
        assert toxic.attributes == EVERY_TOXIC[kind]
        host, _, port = made.listen.rpartition(":")
        pair = upstream.pair((host, int(port)))
        source, sink = pair if stream == "upstream" else reversed(pair)
        source.sendall(b"bytes")
        check(kind, sink, source, read)
        assert made.destroy_toxic("t")
        assert made.toxics() == {}

    def test_what_it_raises(self, client: Any) -> None:
        made = client.create(name="one", upstream=DEAD)
        with pytest.raises(InvalidToxic):
            made.add_toxic(type="teapot")
        with pytest.raises(NotFound):
            made.destroy_toxic("none")
        client.destroy(made)
        with pytest.raises(NotFound):
            made.toxics()

    def test_reset(self, client: Any) -> None:
        made = client.create(name="one", upstream=DEAD)
        made.add_toxic(type="latency", attributes={"latency": 5}, toxicity=0.5)
        made.disable()
        assert client.reset()
        after = client.get_proxy("one")
        assert after.enabled
        assert after.toxics() == {}


def check(kind: str, sink: socket.socket, source: socket.socket, read: Reading) -> None:
    """That `bytes` meets what the toxic promises."""
    if kind == "reset_peer":
        with pytest.raises(ConnectionResetError):
            sink.recv(1)
        return
    if kind == "packet_loss":
        source.close()
        assert read.everything(sink) in (b"bytes", b"")
        return
    if kind not in WHAT_ARRIVES:
        assert read.exactly(sink, 5) == b"bytes"
        source.close()
    assert read.everything(sink) == WHAT_ARRIVES.get(kind, b"")


@pytest.fixture
def configuration(proxy: Subject, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """As an experiment has it. The actions also write the port into the environment."""
    monkeypatch.setenv("one_PORT", "")
    return {"toxiproxy_host": "127.0.0.1", "toxiproxy_port": proxy.port}


class TestChaosToolkit:
    def test_create_says_where_it_listens(self, configuration: dict[str, Any], upstream: Upstream) -> None:
        """With its own default, a listener on all interfaces: served, and on loopback at least."""
        host, _, port = upstream.address.rpartition(":")
        assert chaos_proxy.create_proxy("one", host, int(port), configuration=configuration)
        assert os.environ["one_PORT"] == configuration["one_PORT"]
        client, server = upstream.pair(("127.0.0.1", int(configuration["one_PORT"])))
        client.close()
        assert server.recv(1) == b""

    def test_disable_enable_modify_delete(self, configuration: dict[str, Any]) -> None:
        create(configuration)
        assert chaos_proxy.disable_proxy("one", configuration)
        assert chaos_probes.get_proxy_attribute("one", "enabled", configuration) is False
        assert chaos_proxy.enable_proxy("one", configuration)
        assert chaos_probes.get_proxy_attribute("one", "enabled", configuration) is True
        assert chaos_proxy.modify_proxy("one", upstream_address="127.0.0.1:2", configuration=configuration)
        assert chaos_probes.get_proxy_attribute("one", "upstream", configuration) == "127.0.0.1:2"
        assert chaos_probes.proxy_exist("one", configuration)
        chaos_proxy.delete_proxy("one", configuration)
        assert not chaos_probes.proxy_exist("one", configuration)

    def test_its_toxics(self, configuration: dict[str, Any], proxy: Subject) -> None:
        create(configuration)
        made = [
            chaos_toxic.create_latency_toxic("one", "a", 100, 10, configuration),
            chaos_toxic.create_bandwith_degradation_toxic("one", "b", 64, configuration),
            chaos_toxic.create_slow_connection_close_toxic("one", "c", 100, configuration),
            chaos_toxic.create_timeout_toxic("one", "d", 100, configuration),
            chaos_toxic.create_slicer_toxic("one", "e", 64, 32, 10, configuration),
            chaos_toxic.create_limiter_toxic("one", "f", 100, configuration),
        ]
        assert made == [True] * 6
        toxics = proxy.ask("GET", "/proxies/one/toxics").json
        assert [one["type"] for one in toxics] == [
            "latency",
            "bandwidth",
            "slow_close",
            "timeout",
            "slicer",
            "limit_data",
        ]
        assert chaos_toxic.delete_toxic("one", "a", configuration)
        assert not chaos_toxic.delete_toxic("one", "a", configuration)

    @pytest.mark.parametrize("kind", sorted(EVERY_TOXIC.keys() - IN_NO_RELEASE))
    def test_any_toxic_by_its_type(self, configuration: dict[str, Any], proxy: Subject, kind: str) -> None:
        create(configuration)
        attributes = EVERY_TOXIC[kind]
        assert chaos_toxic.create_toxic("one", "t", kind, "upstream", 0.5, attributes, configuration)
        assert proxy.ask("GET", "/proxies/one/toxics/t").json["attributes"] == attributes

    def test_reset(self, configuration: dict[str, Any], proxy: Subject) -> None:
        create(configuration)
        chaos_toxic.create_timeout_toxic("one", "d", 0, configuration)
        chaos_proxy.disable_proxy("one", configuration)
        assert chaos_proxy.reset(configuration)
        after = proxy.ask("GET", "/proxies/one").json
        assert (after["enabled"], after["toxics"]) == (True, [])


def create(configuration: dict[str, Any]) -> None:
    assert chaos_proxy.create_proxy("one", "127.0.0.1", 1, "127.0.0.1", configuration=configuration)

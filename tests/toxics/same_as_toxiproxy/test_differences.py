"""What this proxy does otherwise than Toxiproxy 2.12.0, on purpose. Nothing else differs that a client can see.

Each class is one difference; `proxy.real` says who answers, and the answer of each is asserted. Run against the
real one this file shows that the difference is still there; run against ours, that the promise is kept.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.toxics.same_as_toxiproxy.conftest import Reading, Subject, Upstream

DEAD = "127.0.0.1:1"
HOUR = 3_600_000


class TestNoLoggerInTheJson:
    def test_it_is_not_there(self, proxy: Subject) -> None:
        proxy.create("one", DEAD)
        assert ("Logger" in proxy.ask("GET", "/proxies/one").text) is proxy.real


class TestLoopbackOnly:
    def test_without_a_listen_address_it_is_loopback(self, proxy: Subject) -> None:
        answer = proxy.ask("POST", "/proxies", {"name": "one", "upstream": DEAD})
        assert answer.status == 201
        host, _, _ = answer.json["listen"].rpartition(":")
        assert host == ("[::]" if proxy.real else "127.0.0.1")

    @pytest.mark.parametrize("host", ["0.0.0.0", ""])
    def test_all_interfaces_are_narrowed_to_loopback(self, proxy: Subject, host: str) -> None:
        """Not refused: clients exist whose default it is, and they never see the difference."""
        asked = {"name": "one", "listen": f"{host}:0", "upstream": DEAD}
        answer = proxy.ask("POST", "/proxies", asked)
        assert answer.status == 201
        host, _, _ = answer.json["listen"].rpartition(":")
        assert (host == "127.0.0.1") is not proxy.real

    def test_an_address_of_another_interface_is_refused(self, proxy: Subject) -> None:
        """192.0.2.1 is nobody's: Toxiproxy cannot bind it either, and says so with 500."""
        asked = {"name": "one", "listen": "192.0.2.1:0", "upstream": DEAD}
        answer = proxy.ask("POST", "/proxies", asked)
        assert answer.status == (500 if proxy.real else 400)


class TestValuesThatStallOrKillAreRefused:
    @pytest.mark.parametrize(
        ("kind", "attributes"),
        [
            ("bandwidth", {}),
            ("bandwidth", {"rate": 0}),
            ("bandwidth", {"rate": -1}),
            ("slicer", {}),
            ("slicer", {"average_size": 0}),
            ("slicer", {"average_size": 10, "size_variation": 11}),
            ("latency", {"latency": -1}),
            ("latency", {"latency": 1, "jitter": -1}),
            ("latency", {"latency": 0, "jitter": 2**63 - 1}),
            ("slow_close", {"delay": -1}),
            ("timeout", {"timeout": -1}),
            ("reset_peer", {"timeout": -1}),
            ("limit_data", {"bytes": -1}),
            ("latency", {"latencyy": 5}),
            ("noop", {"latency": 5}),
        ],
    )
    def test_when_added(self, proxy: Subject, kind: str, attributes: dict[str, int]) -> None:
        proxy.create("one", DEAD)
        answer = proxy.ask("POST", "/proxies/one/toxics", {"type": kind, "attributes": attributes})
        if proxy.real:
            assert answer.status == 200
        else:
            assert (answer.status, proxy.ask("GET", "/proxies/one/toxics").json) == (400, [])
            assert " " in answer.json["error"]

    @pytest.mark.parametrize("toxicity", [7, -1, 1.01])
    def test_a_toxicity_that_is_no_probability(self, proxy: Subject, toxicity: float) -> None:
        proxy.create("one", DEAD)
        answer = proxy.ask("POST", "/proxies/one/toxics", {"type": "noop", "toxicity": toxicity})
        assert answer.status == (200 if proxy.real else 400)

    def test_a_black_hole_by_bandwidth_is_told_of_timeout(self, proxy: Subject) -> None:
        if not proxy.real:
            proxy.create("one", DEAD)
            asked = {"type": "bandwidth", "attributes": {"rate": 0}}
            assert "timeout" in proxy.ask("POST", "/proxies/one/toxics", asked).json["error"]

    def test_a_refused_update_changes_nothing(self, proxy: Subject) -> None:
        """Toxiproxy keeps the half that it had read before the fault."""
        proxy.create("one", DEAD)
        proxy.toxic("one", "latency", latency=100)
        asked = {"attributes": {"latency": 5, "jitter": "x"}}
        path = "/proxies/one/toxics/latency_downstream"
        assert proxy.ask("PATCH", path, asked).status == 400
        expected = 5 if proxy.real else 100
        assert proxy.ask("GET", path).json["attributes"]["latency"] == expected


class TestAFailedMoveLeavesTheProxyWhereItWas:
    def test_it_still_serves(self, proxy: Subject, upstream: Upstream, read: Reading) -> None:
        listen = proxy.create("one", upstream.address)
        answer = proxy.ask("PATCH", "/proxies/one", {"listen": f"127.0.0.1:{proxy.port}"})
        assert answer.status == 500
        if proxy.real:
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(listen)
        else:
            client, server = upstream.pair(listen)
            client.sendall(b"here")
            assert read.exactly(server, 4) == b"here"


class TestRemovingAToxicNeverWaits:
    def test_reset_peer_before_its_time(self, proxy: Subject, upstream: Upstream) -> None:
        """Toxiproxy answers when the hour is over: not asked of it here."""
        if proxy.real:
            return
        listen = proxy.create("one", upstream.address)
        proxy.toxic("one", "reset_peer", timeout=HOUR)
        _, server = upstream.pair(listen)
        server.sendall(b"x")
        proxy.remove("one", "reset_peer_downstream")

    def test_a_reader_that_does_not_read(self, proxy: Subject, upstream: Upstream) -> None:
        """Toxiproxy hangs for ever, with every later call."""
        if proxy.real:
            return
        _, server = upstream.pair(proxy.create("one", upstream.address))
        proxy.toxic("one", "latency", latency=1)
        fill(server)
        proxy.change("one", "latency_downstream", latency=2)
        proxy.remove("one", "latency_downstream")
        assert proxy.ask("GET", "/proxies/one").json["toxics"] == []


class TestResetPeerOnLiveConnections:
    def test_they_are_reset_too(self, proxy: Subject, upstream: Upstream) -> None:
        client, server = upstream.pair(proxy.create("one", upstream.address))
        server.sendall(b"a")
        assert client.recv(1) == b"a"
        proxy.toxic("one", "reset_peer", timeout=0)
        server.sendall(b"x")
        if proxy.real:
            assert client.recv(1) == b""
        else:
            with pytest.raises(ConnectionResetError):
                client.recv(1)


class TestMetricsAreLive:
    def test_bytes_of_an_open_connection_are_there(
        self, proxy: Subject, upstream: Upstream, read: Reading
    ) -> None:
        client, server = upstream.pair(proxy.create("live", upstream.address))
        client.sendall(b"x" * 10)
        assert read.exactly(server, 10)
        found = appears(
            proxy, "toxiproxy_proxy_sent_bytes_total", 'proxy="live"', tries=2 if proxy.real else 500
        )
        assert found is not proxy.real


class TestNamesAreReachable:
    @pytest.mark.parametrize("name", ["a/b", ".", ".."])
    def test_one_that_no_path_can_say_is_refused(self, proxy: Subject, name: str) -> None:
        if proxy.real:
            return  # it would keep the proxy for ever
        asked = {"name": name, "listen": "127.0.0.1:0", "upstream": DEAD}
        assert proxy.ask("POST", "/proxies", asked).status == 400


class TestPacketLoss:
    def test_it_is_there(self, proxy: Subject) -> None:
        """Toxiproxy has it since 2.12.0, in no release yet."""
        proxy.create("one", DEAD)
        asked = {"type": "packet_loss", "attributes": {"loss_rate": 0.1, "correlation": 0.5}}
        answer = proxy.ask("POST", "/proxies/one/toxics", asked)
        assert answer.status == (400 if proxy.real else 200)


def fill(end: socket.socket) -> None:
    """Send until nothing more goes for half a second: every buffer on the way is full."""
    end.settimeout(0.5)
    with contextlib.suppress(TimeoutError):
        while True:
            end.send(bytes(65_536))


def appears(proxy: Subject, *parts: str, tries: int) -> bool:
    """Whether the metrics show a line with all of the parts that counts ten bytes."""
    tick = threading.Event()
    for _ in range(tries):
        lines = proxy.ask("GET", "/metrics").text.splitlines()
        if any(line.endswith(" 10") and all(part in line for part in parts) for line in lines):
            return True
        tick.wait(0.02)
    return False

"""What bytes meet on their way, toxic by toxic.

Time is only asserted from below, and only where the toxic's meaning promises it: 100 ms of latency cannot answer
sooner than 100 ms, on any machine.
"""

from __future__ import annotations

import itertools
import socket
import struct
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from blackstart.clock import SystemTime

if TYPE_CHECKING:
    from tests.toxics.same_as_toxiproxy.conftest import Pair, Reading, Subject, Upstream

HOUR = 3_600_000
"""Milliseconds that no test waits for."""

STREAMS = pytest.mark.parametrize("stream", ["upstream", "downstream"])


@pytest.fixture
def link(proxy: Subject, upstream: Upstream) -> Callable[[], Pair]:
    """One more connection through the proxy `one`."""
    listen = proxy.create("one", upstream.address)
    return lambda: upstream.pair(listen)


Link = Callable[[], "Pair"]


def along(pair: Pair, stream: str) -> Pair:
    """The sending and the receiving end of a stream."""
    client, server = pair
    return (client, server) if stream == "upstream" else (server, client)


def sending(end: socket.socket, content: bytes) -> threading.Thread:
    """Send and close from a thread of its own, as a real peer would."""

    def send() -> None:
        end.sendall(content)
        end.close()

    thread = threading.Thread(target=send)
    thread.start()
    return thread


def seconds(work: Callable[[], object]) -> float:
    time = SystemTime()
    began = time.now()
    work()
    return time.now().seconds_since(began)


class TestPlain:
    @STREAMS
    @pytest.mark.parametrize("size", [1, 65_536, 3_000_000])
    def test_every_byte_arrives_and_then_the_end(
        self, link: Link, read: Reading, stream: str, size: int
    ) -> None:
        source, sink = along(link(), stream)
        content = bytes(itertools.islice(itertools.cycle(range(251)), size))
        sender = sending(source, content)
        assert read.everything(sink) == content
        sender.join()

    def test_two_parts(self, link: Link, read: Reading) -> None:
        client, server = link()
        for part in (b"hello", b" world"):
            client.sendall(part)
            assert read.exactly(server, len(part)) == part

    def test_ping_pong(self, link: Link, read: Reading) -> None:
        client, server = link()
        for number in range(100):
            client.sendall(b"%4d" % number)
            server.sendall(read.exactly(server, 4))
            assert read.exactly(client, 4) == b"%4d" % number

    @STREAMS
    def test_a_close_on_one_side_is_an_end_on_the_other(self, link: Link, stream: str) -> None:
        source, sink = along(link(), stream)
        source.close()
        assert sink.recv(1) == b""


class TestNoop:
    def test_toggled_under_traffic(self, proxy: Subject, link: Link, read: Reading) -> None:
        client, server = link()
        for number in range(100):
            if number % 2:
                proxy.remove("one", "noop_upstream")
            else:
                proxy.toxic("one", "noop", "upstream")
            client.sendall(b"%4d" % number)
            assert read.exactly(server, 4) == b"%4d" % number


class TestLatency:
    @STREAMS
    def test_no_sooner_than_it_says(self, proxy: Subject, link: Link, read: Reading, stream: str) -> None:
        source, sink = along(link(), stream)
        proxy.toxic("one", "latency", stream, latency=100)

        def once() -> None:
            source.sendall(b"x")
            assert read.exactly(sink, 1) == b"x"

        assert seconds(once) >= 0.1

    def test_both_ways_add_up(self, proxy: Subject, link: Link, read: Reading) -> None:
        client, server = link()
        proxy.toxic("one", "latency", "upstream", latency=60)
        proxy.toxic("one", "latency", "downstream", latency=40)

        def once() -> None:
            client.sendall(b"x")
            server.sendall(read.exactly(server, 1))
            read.exactly(client, 1)

        assert seconds(once) >= 0.1

    def test_two_in_a_row_add_up(self, proxy: Subject, link: Link, read: Reading) -> None:
        client, server = link()
        for number in (1, 2):
            proxy.toxic("one", "latency", name=f"l{number}", latency=50)

        def once() -> None:
            server.sendall(b"x")
            read.exactly(client, 1)

        assert seconds(once) >= 0.1

    def test_jitter_takes_off_no_more_than_itself(self, proxy: Subject, link: Link, read: Reading) -> None:
        client, server = link()
        proxy.toxic("one", "latency", latency=30, jitter=10)

        def once() -> None:
            server.sendall(b"x")
            read.exactly(client, 1)

        assert min(seconds(once) for _ in range(10)) >= 0.02

    def test_none_is_none(self, proxy: Subject, link: Link, read: Reading) -> None:
        client, server = link()
        proxy.toxic("one", "latency", latency=0, jitter=0)
        server.sendall(b"x" * 32_000)
        assert len(read.exactly(client, 32_000)) == 32_000

    @STREAMS
    def test_the_end_comes_after_the_bytes(
        self, proxy: Subject, link: Link, read: Reading, stream: str
    ) -> None:
        source, sink = along(link(), stream)
        proxy.toxic("one", "latency", stream, latency=50)
        source.sendall(b"last words")
        source.close()
        assert read.everything(sink) == b"last words"

    @pytest.mark.parametrize("heal", ["remove", "reset", "update"])
    def test_what_waits_goes_on_at_once_when_it_is_healed(
        self, proxy: Subject, link: Link, read: Reading, heal: str
    ) -> None:
        client, server = link()
        proxy.toxic("one", "latency", latency=HOUR)
        server.sendall(b"held")
        if heal == "remove":
            proxy.remove("one", "latency_downstream")
        elif heal == "reset":
            proxy.ask("POST", "/reset")
        else:
            proxy.change("one", "latency_downstream", latency=0)
        server.sendall(b" back")
        assert read.exactly(client, 9) == b"held back"

    def test_the_other_stream_is_free(self, proxy: Subject, link: Link, read: Reading) -> None:
        client, server = link()
        proxy.toxic("one", "latency", "downstream", latency=HOUR)
        client.sendall(b"up")
        assert read.exactly(server, 2) == b"up"

    def test_connections_made_later_have_it_too(self, proxy: Subject, link: Link, read: Reading) -> None:
        proxy.toxic("one", "latency", latency=60)
        client, server = link()

        def once() -> None:
            server.sendall(b"x")
            read.exactly(client, 1)

        assert seconds(once) >= 0.06

    def test_nothing_is_lost_or_reordered_while_it_comes_and_goes(
        self, proxy: Subject, link: Link, read: Reading
    ) -> None:
        """Every unsigned 16-bit number in order, in small pieces, while a second of latency is toggled."""
        client, server = link()
        numbers = struct.pack(">65535H", *range(65_535))
        done = threading.Event()

        def send() -> None:
            for start in range(0, len(numbers), 2_000):
                client.sendall(numbers[start : start + 2_000])
            client.close()
            done.set()

        sender = threading.Thread(target=send)
        received = bytearray()
        reader = threading.Thread(target=lambda: received.extend(read.everything(server)))
        sender.start()
        reader.start()
        while reader.is_alive():
            proxy.toxic("one", "latency", "upstream", latency=1_000)
            proxy.remove("one", "latency_upstream")
        sender.join()
        assert bytes(received) == numbers

    def test_added_used_and_removed_many_times(self, proxy: Subject, link: Link) -> None:
        for _ in range(100):
            proxy.toxic("one", "latency", "upstream", latency=10)
            client, server = link()
            client.close()
            assert server.recv(1) == b""
            server.close()
            proxy.remove("one", "latency_upstream")


class TestBandwidth:
    @STREAMS
    def test_no_faster_than_it_says(self, proxy: Subject, link: Link, read: Reading, stream: str) -> None:
        """A kilobyte is 1,000 bytes."""
        source, sink = along(link(), stream)
        proxy.toxic("one", "bandwidth", stream, rate=100)
        content = bytes(range(200)) * 100

        def once() -> None:
            source.sendall(content)
            assert read.exactly(sink, len(content)) == content

        assert seconds(once) >= 0.2

    def test_removed_from_a_connection_that_is_broken(self, proxy: Subject, link: Link) -> None:
        client, server = link()
        for number in (1, 2):
            proxy.toxic("one", "bandwidth", name=f"b{number}", rate=1)
        server.sendall(bytes(60_000))
        client.close()
        server.close()
        for number in (1, 2):
            proxy.remove("one", f"b{number}")

    def test_healed_the_rest_goes_at_once(self, proxy: Subject, link: Link, read: Reading) -> None:
        """A megabyte at a kilobyte a second would take a quarter of an hour."""
        client, server = link()
        proxy.toxic("one", "bandwidth", rate=1)
        content = bytes(range(250)) * 4_000
        sender = threading.Thread(target=server.sendall, args=(content,))
        sender.start()
        first = client.recv(1)
        proxy.remove("one", "bandwidth_downstream")
        assert first + read.exactly(client, len(content) - 1) == content
        sender.join()


class TestSlicer:
    def test_the_same_bytes(self, proxy: Subject, link: Link, read: Reading) -> None:
        client, server = link()
        proxy.toxic("one", "slicer", average_size=1024, size_variation=512, delay=1)
        content = bytes(range(240)) * 2_000
        sender = sending(server, content)
        assert read.everything(client) == content
        sender.join()

    def test_the_delay_is_in_microseconds_and_between_all_slices(
        self, proxy: Subject, link: Link, read: Reading
    ) -> None:
        client, server = link()
        proxy.toxic("one", "slicer", average_size=1, size_variation=0, delay=5_000)

        def once() -> None:
            server.sendall(b"0123456789abcdefghijklmn")
            assert read.exactly(client, 24) == b"0123456789abcdefghijklmn"

        assert seconds(once) >= 23 * 0.005

    def test_the_first_slice_is_on_its_way_while_the_rest_waits(self, proxy: Subject, link: Link) -> None:
        client, server = link()
        proxy.toxic("one", "slicer", average_size=4, size_variation=0, delay=HOUR * 1_000)
        server.sendall(b"abcdefgh")
        assert client.recv(64) == b"abcd"
        proxy.remove("one", "slicer_downstream")
        assert client.recv(64) == b"efgh"


class TestLimitData:
    @pytest.mark.parametrize("size", [1, 99, 100, 101, 5_000])
    @STREAMS
    def test_so_many_bytes_and_then_the_end(
        self, proxy: Subject, link: Link, read: Reading, size: int, stream: str
    ) -> None:
        proxy.toxic("one", "limit_data", stream, bytes=100)
        source, sink = along(link(), stream)
        content = bytes(range(250)) * 20
        source.sendall(content[:size])
        assert read.exactly(sink, min(size, 100)) == content[: min(size, 100)]
        if size < 100:
            source.close()
        assert sink.recv(1) == b""

    def test_it_overflows_in_a_later_piece(self, proxy: Subject, link: Link, read: Reading) -> None:
        client, server = link()
        proxy.toxic("one", "limit_data", bytes=10)
        server.sendall(b"01234567")
        assert read.exactly(client, 8) == b"01234567"
        server.sendall(b"89abcdef")
        assert read.everything(client) == b"89"

    def test_zero_ends_at_the_first_byte_and_not_at_the_connection(
        self, proxy: Subject, link: Link, read: Reading
    ) -> None:
        proxy.toxic("one", "limit_data", "downstream", bytes=0)
        client, server = link()
        client.sendall(b"still open")
        assert read.exactly(server, 10) == b"still open"
        server.sendall(b"x")
        assert client.recv(1) == b""

    def test_each_connection_counts_for_itself(self, proxy: Subject, link: Link, read: Reading) -> None:
        proxy.toxic("one", "limit_data", bytes=4)
        for _ in range(2):
            client, server = link()
            server.sendall(b"abcdef")
            assert read.everything(client) == b"abcd"

    def test_the_count_outlives_an_update(self, proxy: Subject, link: Link, read: Reading) -> None:
        proxy.toxic("one", "limit_data", bytes=10)
        client, server = link()
        server.sendall(b"01234567")
        assert read.exactly(client, 8) == b"01234567"
        proxy.change("one", "limit_data_downstream", bytes=11)
        server.sendall(b"89abcdef")
        assert read.everything(client) == b"89a"


class TestTimeout:
    @STREAMS
    def test_drops_and_then_closes_both_ends(
        self, proxy: Subject, link: Link, read: Reading, stream: str
    ) -> None:
        source, sink = along(link(), stream)

        def once() -> None:
            proxy.toxic("one", "timeout", stream, timeout=50)
            source.sendall(b"lost")
            assert read.ended(sink)

        assert seconds(once) >= 0.05
        assert read.ended(source)

    def test_zero_never_closes_and_nothing_comes_through(
        self, proxy: Subject, link: Link, read: Reading
    ) -> None:
        """Proven by what is sent after it on the stream that is free: the black hole is still open then."""
        client, server = link()
        proxy.toxic("one", "timeout", "downstream", timeout=0)
        server.sendall(b"lost")
        for number in range(20):
            client.sendall(b"%2d" % number)
            assert read.exactly(server, 2) == b"%2d" % number
        client.setblocking(False)
        with pytest.raises(BlockingIOError):
            client.recv(1)

    def test_removal_closes_both_ends(self, proxy: Subject, link: Link, read: Reading) -> None:
        client, server = link()
        proxy.toxic("one", "timeout", timeout=0)
        server.sendall(b"lost")
        proxy.remove("one", "timeout_downstream")
        assert read.ended(client)
        assert read.ended(server)

    def test_connections_made_after_the_removal_are_fine(
        self, proxy: Subject, link: Link, read: Reading
    ) -> None:
        proxy.toxic("one", "timeout", timeout=0)
        proxy.remove("one", "timeout_downstream")
        client, server = link()
        server.sendall(b"fine")
        assert read.exactly(client, 4) == b"fine"

    def test_another_toxic_can_be_removed_meanwhile(self, proxy: Subject, link: Link) -> None:
        for first, second in itertools.permutations(["timeout", "latency"]):
            for kind in (first, second):
                proxy.toxic("one", kind)
            _, server = link()
            server.sendall(b"x" * 10)
            proxy.remove("one", "latency_downstream")
            proxy.remove("one", "timeout_downstream")


class TestResetPeer:
    @STREAMS
    @pytest.mark.parametrize("timeout", [0, 50])
    def test_a_new_connection_is_reset(self, proxy: Subject, link: Link, stream: str, timeout: int) -> None:
        proxy.toxic("one", "reset_peer", stream, timeout=timeout)

        def once() -> None:
            source, sink = along(link(), stream)
            source.sendall(b"x")
            with pytest.raises(ConnectionResetError):
                sink.recv(1)

        assert seconds(once) >= timeout / 1_000


class TestSlowClose:
    @STREAMS
    def test_the_close_is_held_and_the_bytes_are_not(
        self, proxy: Subject, link: Link, read: Reading, stream: str
    ) -> None:
        source, sink = along(link(), stream)
        proxy.toxic("one", "slow_close", stream, delay=100)
        source.sendall(b"bytes")
        assert read.exactly(sink, 5) == b"bytes"

        def close() -> None:
            source.close()
            assert sink.recv(1) == b""

        assert seconds(close) >= 0.1

    def test_removal_lets_the_close_through(self, proxy: Subject, link: Link) -> None:
        client, server = link()
        proxy.toxic("one", "slow_close", delay=HOUR)
        server.close()
        proxy.remove("one", "slow_close_downstream")
        assert client.recv(1) == b""


class TestToxicity:
    @pytest.mark.parametrize(
        ("kind", "attributes"),
        [
            ("latency", {"latency": HOUR}),
            ("bandwidth", {"rate": 1}),
            ("timeout", {"timeout": 0}),
            ("limit_data", {"bytes": 0}),
        ],
    )
    def test_zero_is_never(
        self, proxy: Subject, link: Link, read: Reading, kind: str, attributes: dict[str, Any]
    ) -> None:
        proxy.toxic("one", kind, toxicity=0, **attributes)
        client, server = link()
        content = bytes(range(256)) * 400
        sender = threading.Thread(target=server.sendall, args=(content,))
        sender.start()
        assert read.exactly(client, len(content)) == content
        sender.join()

    def test_one_is_always(self, proxy: Subject, link: Link, read: Reading) -> None:
        proxy.toxic("one", "timeout", toxicity=1, timeout=1)
        for _ in range(10):
            client, server = link()
            server.sendall(b"x")
            assert read.ended(client)

    def test_a_half_is_some_connections_and_then_the_whole_of_each(
        self, proxy: Subject, link: Link, read: Reading
    ) -> None:
        """Of 60 connections all or none would be hit once in 2^59 runs."""
        proxy.toxic("one", "limit_data", toxicity=0.5, bytes=1)
        seen = set()
        for _ in range(60):
            client, server = link()
            server.sendall(b"abc")
            server.shutdown(socket.SHUT_WR)
            seen.add(read.everything(client))
        assert seen == {b"a", b"abc"}


class TestChains:
    def test_toxics_act_in_the_order_of_creation(self, proxy: Subject, link: Link, read: Reading) -> None:
        """A limit after a slicer cuts the sum of the slices."""
        proxy.toxic("one", "slicer", average_size=3, size_variation=0, delay=1)
        proxy.toxic("one", "limit_data", bytes=8)
        client, server = link()
        server.sendall(b"0123456789")
        assert read.everything(client) == b"01234567"

    def test_one_of_several_is_removed_and_the_rest_act_on(
        self, proxy: Subject, link: Link, read: Reading
    ) -> None:
        client, server = link()
        for number in range(3):
            proxy.toxic("one", "latency", name=f"l{number}", latency=HOUR if number == 1 else 30)
        server.sendall(b"x")
        proxy.remove("one", "l1")

        def once() -> None:
            server.sendall(b"y")
            assert read.exactly(client, 2) == b"xy"

        assert seconds(once) >= 0.06


class TestMetrics:
    def test_bytes_are_counted_each_way(
        self, proxy: Subject, link: Link, read: Reading, upstream: Upstream
    ) -> None:
        client, server = link()
        client.sendall(b"x" * 10)
        assert read.exactly(server, 10)
        server.sendall(b"y" * 20)
        assert read.exactly(client, 20)
        client.close()
        assert server.recv(1) == b""
        server.close()
        listen = proxy.ask("GET", "/proxies/one").json["listen"]
        for stream, size in (("upstream", 10), ("downstream", 20)):
            labels = f'direction="{stream}",listener="{listen}",proxy="one",upstream="{upstream.address}"'
            for what in ("received", "sent"):
                line = f"toxiproxy_proxy_{what}_bytes_total{{{labels}}} {size}"
                assert appears(proxy, line), line


def appears(proxy: Subject, line: str) -> bool:
    """Toxiproxy counts when the connection is closed, a little after the ends see it."""
    tick = threading.Event()
    for _ in range(500):
        answer = proxy.ask("GET", "/metrics")
        if line in answer.text.splitlines():
            return answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        tick.wait(0.02)
    return False

"""One direction of a real connection, on a loop that the test turns and a clock that it moves."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from blackstart.toxics.pipes import SIZE

if TYPE_CHECKING:
    from tests.toxics.conftest import Wire

MIB = 1 << 20


def pump_through(wire: Wire, source: socket.socket, sink: socket.socket, content: bytes) -> bytes:
    """Send all of it and close, and read as it comes."""
    view, got = memoryview(content), bytearray()
    ended = False
    while True:
        if view:
            try:
                view = view[source.send(view) :]
            except BlockingIOError:
                pass
        elif not ended:
            source.shutdown(socket.SHUT_WR)
            ended = True
        wire.turn()
        part = wire.read(sink)
        if part == b"" or (part and ended and len(got) + len(part) == len(content)):
            return bytes(got + part)
        got += part or b""


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_small_bytes_go_straight_on_both_ways(wire: Wire) -> None:
    wire.client.send(b"question")
    wire.turn()
    assert wire.read(wire.server) == b"question"
    wire.server.send(b"answer")
    wire.turn()
    assert wire.read(wire.client) == b"answer"


def test_bulk_arrives_whole_and_gives_its_pipe_back(wire: Wire) -> None:
    before = descriptors()
    content = os.urandom(SIZE + 12_345) * 8
    assert pump_through(wire, wire.server, wire.client, content) == content
    assert descriptors() <= before + 2  # the pipe, in the pool for the next
    pipe = wire.pipes.take()
    assert pipe is not None
    assert pipe.left == 0
    wire.pipes.give(pipe)


def test_bulk_without_a_pipe_left_is_copied(wire: Wire) -> None:
    taken = []
    while (pipe := wire.pipes.take()) is not None:
        taken.append(pipe)
    content = os.urandom(3 * MIB)
    assert pump_through(wire, wire.client, wire.server, content) == content
    for pipe in taken:
        pipe.close()


def test_a_receiver_that_does_not_read_holds_the_sender_back(wire: Wire) -> None:
    sent = 0
    try:
        while sent < 64 * MIB:
            sent += wire.server.send(bytes(65_536))
            wire.turn()
    except BlockingIOError:
        pass
    assert sent < 8 * MIB
    got = 0
    while part := wire.read(wire.client):
        got += len(part)
        wire.turn()
    assert got == sent


def test_bytes_are_counted_as_they_pass(wire: Wire) -> None:
    wire.add("latency", latency=100)
    wire.server.send(b"12345")
    wire.turn()
    count = wire.proxy.traffic.downstream
    assert (count.received, count.sent) == (5, 0)
    wire.at(100)
    assert (count.received, count.sent) == (5, 5)


def test_an_end_goes_on_and_the_other_direction_stays(wire: Wire) -> None:
    wire.client.send(b"all I say")
    wire.client.shutdown(socket.SHUT_WR)
    wire.turn()
    assert wire.read(wire.server) == b"all I say"
    assert wire.read(wire.server) == b""
    wire.server.send(b"answer")
    wire.turn()
    assert wire.read(wire.client) == b"answer"
    assert not wire.connection.closed
    wire.server.close()
    wire.turn()
    assert wire.connection.closed


def test_the_latency_of_one_direction_by_the_clock_alone(wire: Wire) -> None:
    wire.add("latency", "upstream", latency=50)
    wire.client.send(b"up")
    wire.server.send(b"down")
    wire.turn()
    assert wire.read(wire.client) == b"down"
    wire.at(49.999)
    assert wire.read(wire.server) is None
    wire.at(50)
    assert wire.read(wire.server) == b"up"


def test_slices_arrive_as_pieces_of_their_own(wire: Wire) -> None:
    wire.add("slicer", average_size=2, size_variation=0, delay=1_000)
    wire.server.send(b"abcd")
    wire.turn()
    assert wire.read(wire.client) == b"ab"
    wire.at(1)
    assert wire.read(wire.client) == b"cd"


def test_a_toxic_on_a_connection_that_carries_bulk_loses_nothing(wire: Wire) -> None:
    """What is in the pipe when the toxic comes stays before what the toxic holds."""
    content = os.urandom(6 * MIB)
    view = memoryview(content)
    while True:
        try:
            view = view[wire.server.send(view) :]
        except BlockingIOError:
            break
        wire.turn(1)
    toxic = wire.add("latency", latency=5)
    got, now = bytearray(), 0.0
    while len(got) < len(content):
        if view:
            try:
                view = view[wire.server.send(view[:100_000]) :]
            except BlockingIOError:
                pass
        now += 1
        wire.at(now)
        got += wire.read(wire.client) or b""
        if now == 20:
            wire.remove(toxic)
    assert got == content


def test_a_receiver_that_is_gone_ends_the_connection(wire: Wire) -> None:
    wire.client.close()
    wire.server.send(b"to nobody")
    wire.turn()
    wire.server.close()
    wire.turn()
    assert wire.connection.closed
    assert wire.ended == [wire.connection]


def test_what_was_sent_before_the_receiver_went_is_still_read(wire: Wire) -> None:
    """The server answers and is gone, while the client still sends: the answer arrives."""
    wire.server.send(b"413 too large")
    wire.server.close()
    wire.client.send(b"x" * 1_000)
    wire.turn()
    assert (wire.read(wire.client) or b"").startswith(b"413 too large")


def test_a_held_link_reads_nothing(wire: Wire) -> None:
    wire.connection.up.hold()
    wire.client.send(b"wait")
    wire.turn()
    assert wire.read(wire.server) is None
    wire.connection.up.resume()
    wire.turn()
    assert wire.read(wire.server) == b"wait"


def test_the_end_waits_for_a_reader_that_is_slow(wire: Wire) -> None:
    """More than the receiver's socket takes is on its way when the sender closes."""
    wire.add("latency", latency=10)
    content, sent = os.urandom(MIB), 0
    while sent < MIB:
        sent += wire.server.send(content[sent : sent + 32_768])
        wire.turn(2)
    wire.server.close()
    wire.at(10)
    got = bytearray()
    while (part := some(wire.client)) != b"":
        got += part or b""
        wire.turn(1)
    assert got == content


def some(sock: socket.socket) -> bytes | None:
    """A little of what is there; None when nothing is."""
    try:
        return sock.recv(10_000)
    except BlockingIOError:
        return None


def test_what_was_due_before_a_change_is_not_changed(wire: Wire) -> None:
    toxic = wire.add("latency", latency=100)
    wire.server.send(b"due")
    wire.turn()
    wire.clock.move_to(150)
    wire.change(toxic, latency=3_600_000)
    assert wire.read(wire.client) == b"due"


KEEPS_EVERYTHING: dict[str, dict[str, int]] = {
    "noop": {},
    "latency": {"latency": 40, "jitter": 30},
    "bandwidth": {"rate": 400},
    "slow_close": {"delay": 50},
    "slicer": {"average_size": 700, "size_variation": 700, "delay": 900},
}

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.integers(1, 300_000)),
        st.tuples(st.just("wait"), st.integers(0, 100)),
        st.tuples(st.just("read"), st.just(0)),
        st.tuples(st.just("add"), st.sampled_from(sorted(KEEPS_EVERYTHING))),
        st.tuples(st.just("remove"), st.integers(0, 5)),
        st.tuples(st.just("change"), st.integers(0, 5)),
    ),
    max_size=30,
)


@given(STEPS, st.sampled_from(["upstream", "downstream"]))
@settings(deadline=None, max_examples=60)
def test_no_byte_is_lost_or_changes_places(
    wires: Callable[[], Wire], steps: list[tuple[str, Any]], stream: str
) -> None:
    wire = wires()
    try:
        ends = (wire.client, wire.server) if stream == "upstream" else (wire.server, wire.client)
        run = _Run(wire, *ends)
        for what, value in steps:
            run.step(what, value, stream)
        run.finish()
        assert run.got == run.sent
        assert wire.read(run.sink) == b""
    finally:
        wire.close()
        wire.loop.close()


class _Run:
    def __init__(self, wire: Wire, source: socket.socket, sink: socket.socket) -> None:
        self.wire, self.source, self.sink = wire, source, sink
        self.sent, self.got = bytearray(), bytearray()
        self.now = 0

    def step(self, what: str, value: Any, stream: str) -> None:
        if what == "send":
            self._send(value)
        elif what == "wait":
            self.now += value
            self.wire.at(self.now)
        elif what == "read":
            self._read()
        elif what == "add":
            name = f"t{len(self.sent)}-{self.now}-{len(self.wire.proxy.toxics)}"
            if self.wire.proxy.find(name) is None:
                self.wire.add(value, stream, name=name, **KEEPS_EVERYTHING[value])
        elif toxics := self.wire.proxy.toxics:
            toxic = toxics[value % len(toxics)]
            if what == "remove":
                self.wire.remove(toxic)
            else:
                self.wire.change(toxic, **KEEPS_EVERYTHING[toxic.type.name])

    def finish(self) -> None:
        self.source.shutdown(socket.SHUT_WR)
        for toxic in list(self.wire.proxy.toxics):
            self.wire.remove(toxic)
        while len(self.got) < len(self.sent):
            self.wire.turn()
            self._read()
        self.wire.turn()

    def _send(self, size: int) -> None:
        data = bytes((len(self.sent) + index) % 251 for index in range(size))
        try:
            self.sent += data[: self.source.send(data)]
        except BlockingIOError:
            pass
        self.wire.turn()

    def _read(self) -> None:
        self.got += self.wire.read(self.sink) or b""

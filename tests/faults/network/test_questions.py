from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from blackstart.errors import ReplicaError
from blackstart.faults.network.questions import answer_probe, ask_dns, ask_http, demand_ours, question_of
from blackstart.replica.asking import Refused
from blackstart.testing import FakeReplica

if TYPE_CHECKING:
    from pathlib import Path

    from blackstart.replica.local import LocalReplica

LIMIT_S = 30.0
SOURCE = "127.0.1.11"


@contextmanager
def answering(*pieces: bytes, hang: bool = False) -> Iterator[tuple[str, int]]:
    """A server that answers one request with these bytes, then closes or hangs."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = threading.Event()

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                for piece in pieces:
                    connection.sendall(piece)
                if hang:
                    done.wait(LIMIT_S)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()
        finally:
            done.set()
            thread.join()


def test_a_whole_answer_is_counted() -> None:
    answer = b"HTTP/1.1 503 Sealed\r\nContent-Length: 2\r\n\r\nno"
    with answering(answer) as address:
        sent, came = ask_http(address, "/", SOURCE, LIMIT_S)
    assert came == len(answer)
    assert sent > 120


def test_an_answer_without_a_length_ends_with_the_connection() -> None:
    with answering(b"HTTP/1.1 200 OK\r\n\r\n") as address:
        assert ask_http(address, "/", SOURCE, LIMIT_S)[1] == 19


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"", "the connection was closed after 0 bytes"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "the connection was closed after 27 bytes"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfour",
            "the connection was closed after 4 of 10 bytes of the body",
        ),
    ],
)
def test_half_an_answer_is_none(answer: bytes, said: str) -> None:
    with answering(answer) as address, pytest.raises(Refused, match=f"^{said}$"):
        ask_http(address, "/", SOURCE, LIMIT_S)


def test_an_answer_that_does_not_end_is_none() -> None:
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    with (
        answering(whole, hang=True) as address,
        pytest.raises(Refused, match=r"^no whole answer within 50 ms$"),
    ):
        ask_http(address, "/", SOURCE, 0.05)


def test_no_datagram_comes_back() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        with pytest.raises(Refused, match=r"^no whole answer within 50 ms$"):
            ask_dns(silent.getsockname(), SOURCE, 0.05)
        asked, (source, _) = silent.recvfrom(65536)
    assert source == SOURCE
    assert b"_vault" in asked


def test_the_probe_asks_as_often_as_it_is_told_and_stops_at_the_first_that_fails() -> None:
    asked: list[float] = []

    def question(limit_s: float) -> tuple[int, int]:
        asked.append(limit_s)
        if len(asked) == 3:
            raise Refused("no whole answer within 300 ms")
        return 1, 1

    probe = answer_probe("vault-loss", "vault", question, limit_s=0.3, times=6)
    assert (probe.read().state, asked) == ("red", [0.3, 0.3, 0.3])
    assert (probe.read().state, len(asked)) == ("green", 9)


def test_a_second_try_forgives_a_busy_machine() -> None:
    late = [True, False, True, True]

    def question(limit_s: float) -> tuple[int, int]:
        if late.pop(0):
            raise Refused("no whole answer within 300 ms")
        return 1, 1

    probe = answer_probe("vault-latency", "vault", question, limit_s=0.3, tries=2)
    assert [probe.read().state for _ in range(2)] == ["green", "red"]


@pytest.mark.replica
def test_every_component_has_an_answer(replica: LocalReplica) -> None:
    for name in replica.components():
        assert min(question_of(replica, name, SOURCE)(LIMIT_S)) > 0


def test_a_component_of_another_kind(tmp_path: Path) -> None:
    with pytest.raises(
        ReplicaError, match=r"^nobody knows what to ask mail, a mail, to see how its network is$"
    ):
        question_of(FakeReplica(["mail"], tmp_path), "mail", SOURCE)


def test_an_address_that_this_machine_has_can_be_asked_from() -> None:
    demand_ours(SOURCE, "network.latency for payments")


def test_an_address_of_another_machine_cannot() -> None:
    with pytest.raises(
        ReplicaError, match=r"for payments: its probe would have to ask from 192\.0\.2\.21, which is"
    ):
        demand_ours("192.0.2.21", "network.latency for payments")

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from blackstart.errors import ReplicaError
from blackstart.replica import ports
from blackstart.replica.ports import free_ports, port_range


def test_ports_lie_below_those_of_outgoing_connections() -> None:
    assert port_range("32768\t60999\n") == (10_000, 32_767)


@pytest.mark.parametrize("outgoing", ["", "none", "1024\t65535", "10500 20000"])
def test_where_little_is_left_below_anywhere_will_do(outgoing: str) -> None:
    assert port_range(outgoing) == (10_000, 65_535)


def test_they_differ_and_are_free_for_both_protocols() -> None:
    found = free_ports(8)
    assert len(set(found)) == 8
    for port in found:
        with socket.socket() as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", port))
            udp.bind(("127.0.0.1", port))


def test_one_that_is_taken_is_never_given(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.delenv("BLACKSTART_PORTS", raising=False)
        monkeypatch.setattr(ports, "port_range", lambda outgoing: (port, port + 1))
        monkeypatch.setattr("random.sample", lambda population, count: list(population)[:1])
        with pytest.raises(ReplicaError, match=rf"only 0 of 1 free ports .* between {port} and {port + 1}"):
            free_ports(1)


def test_without_the_kernels_word_ports_are_found_all_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("BLACKSTART_PORTS", raising=False)
    monkeypatch.setattr(ports, "_RANGE", tmp_path / "missing")
    assert len(free_ports(2)) == 2


def test_whoever_drills_may_say_from_where(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLACKSTART_PORTS", "21000-21999")
    assert all(21000 <= port <= 21999 for port in free_ports(5))


@pytest.mark.parametrize("said", ["21000", "9-8", "a-b", "21000-70000"])
def test_what_is_no_range_is_refused(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setenv("BLACKSTART_PORTS", said)
    with pytest.raises(ReplicaError, match="no range of ports"):
        free_ports(1)

from __future__ import annotations

import socket

import pytest

from blackstart.toxics.addresses import Networks, join, loopback, numeric, resolve, split


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("127.0.0.1:80", ("127.0.0.1", 80)),
        (":0", ("", 0)),
        ("localhost:65535", ("localhost", 65535)),
        ("[::1]:80", ("::1", 80)),
    ],
)
def test_split(text: str, parts: tuple[str, int]) -> None:
    assert split(text) == parts


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nowhere", "missing port"),
        ("", "missing port"),
        ("::1:80", "stands in \\[ \\]"),
        ("a:-1", "0 to 65535"),
        ("a:65536", "0 to 65535"),
        ("a:http", "0 to 65535"),
        ("a:", "0 to 65535"),
        ("a:٣", "0 to 65535"),
    ],
)
def test_split_of_what_is_none(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        split(text, what="listen")


def test_join_is_its_inverse() -> None:
    for text in ("127.0.0.1:80", "[::1]:80"):
        assert join(*split(text)) == text


def test_numeric() -> None:
    assert numeric("127.0.0.1") == socket.AF_INET
    assert numeric("::1") == socket.AF_INET6
    assert [numeric(text) for text in ("localhost", "", "127.1", "1.2.3.4.5", "a\0b")] == [None] * 5


def test_resolve_prefers_ipv4_for_a_name() -> None:
    assert resolve("localhost", 80)[0] == (socket.AF_INET, ("127.0.0.1", 80))
    assert resolve("::1", 80) == [(socket.AF_INET6, ("::1", 80))]


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("0.0.0.0", False), ("10.0.0.1", False)],
)
def test_loopback(host: str, expected: bool) -> None:
    assert loopback(host) is expected


@pytest.mark.parametrize(
    ("texts", "address", "expected"),
    [
        (("127.0.1.11",), "127.0.1.11", True),
        (("127.0.1.11",), "127.0.1.12", False),
        (("127.0.1.0/24",), "127.0.1.255", True),
        (("127.0.1.0/24",), "127.0.2.0", False),
        (("127.0.1.128/25", "127.0.3.1"), "127.0.3.1", True),
        (("0.0.0.0/0",), "127.0.0.1", True),
        (("0.0.0.0/0",), "::1", False),
        (("fd00::/8",), "fd12::1", True),
        (("127.0.0.1",), "nobody", False),
    ],
)
def test_networks(texts: tuple[str, ...], address: str, expected: bool) -> None:
    assert (address in Networks(texts)) is expected


def test_no_network_is_false_and_holds_nobody() -> None:
    assert not Networks(())
    assert "127.0.0.1" not in Networks(())


@pytest.mark.parametrize("text", ["payments", "127.0.0.1/33", "127.0.0.1/", "127.0.0.1/x", "::/129", ""])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"network"):
        Networks((text,))

"""Addresses as the API writes them (`127.0.0.1:8080`), and sets of client addresses."""

from __future__ import annotations

import socket

__all__ = ["Networks", "join", "loopback", "numeric", "split"]


def split(text: str, *, what: str = "address") -> tuple[str, int]:
    """`host:port` as its two parts; an empty host stays empty. ValueError with a sentence."""
    host, colon, port = text.rpartition(":")
    if not colon:
        raise ValueError(f"{what} {text}: missing port in address")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ValueError(f"{what} {text}: too many colons in address; an IPv6 address stands in [ ]")
    if not (port.isascii() and port.isdigit() and int(port) < 65_536):
        raise ValueError(f"{what} {text}: the port is a number from 0 to 65535")
    return host, int(port)


def join(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def numeric(host: str) -> int | None:
    """The family of a numeric address; None for a name."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
        except (OSError, ValueError):
            continue
        return family
    return None


def resolve(host: str, port: int, kind: int = socket.SOCK_STREAM) -> list[tuple[int, tuple[str, int]]]:
    """Every (family, address) of a host, IPv4 first as listeners here are. OSError for an unknown one.

    Blocks on the system's resolver for a name: call it from the loop for numeric addresses only, or where a client
    asked for a listener and waits for it.
    """
    if family := numeric(host):
        return [(family, (host, port))]
    try:
        found = socket.getaddrinfo(host, port, type=kind)
    except UnicodeError as error:  # a name with two dots in a row, or a part of over 63 letters
        raise socket.gaierror(socket.EAI_NONAME, f"{host!r} is no name of a host") from error
    order = sorted(found, key=lambda one: one[0] != socket.AF_INET)
    return [(family, (str(address[0]), int(address[1]))) for family, _, _, _, address in order]


def loopback(host: str) -> bool:
    """Whether a numeric address cannot be reached from another machine."""
    return host.startswith("127.") if numeric(host) == socket.AF_INET else host == "::1"


class Networks:
    """A set of addresses and networks. Empty is false. ValueError for a text that is neither."""

    __slots__ = ("_nets", "texts")

    def __init__(self, texts: tuple[str, ...]) -> None:
        self.texts = texts
        self._nets = [_network(text) for text in texts]

    def __bool__(self) -> bool:
        return bool(self._nets)

    def __contains__(self, address: str) -> bool:
        family = numeric(address)
        if family is None:
            return False
        number = _number(family, address)
        return any(family == net and number >> shift == prefix for net, shift, prefix in self._nets)


def _number(family: int, address: str) -> int:
    return int.from_bytes(socket.inet_pton(family, address), "big")


def _network(text: str) -> tuple[int, int, int]:
    """Family, how many low bits are free, and the bits above them."""
    host, slash, length = text.partition("/")
    family = numeric(host)
    if family is None:
        raise ValueError(f"{text!r} is neither an address nor a network: write 127.0.1.11 or 127.0.1.0/24")
    width = 32 if family == socket.AF_INET else 128
    if slash and not (length.isascii() and length.isdigit() and int(length) <= width):
        raise ValueError(f"{text!r}: a network's length is from 0 to {width}")
    shift = width - int(length) if slash else 0
    return family, shift, _number(family, host) >> shift

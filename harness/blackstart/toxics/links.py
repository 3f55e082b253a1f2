"""Two fault proxies in a row, seen as one: clients -> ours (`front`) -> a real Toxiproxy (`back`) -> the server.

Both have a proxy of the same name for each link over TCP; links over UDP are the front's alone. Standard library only:
people's command `network` uses this too.

What each does:

- The back has the toxics that Toxiproxy is known for (`BEHIND`), for all clients of a link.
- The front has what Toxiproxy has not: single clients, times to live, answers of HTTP, datagrams, `packet_loss` (in no
  release of Toxiproxy yet).
- The front has what Toxiproxy does otherwise than the proxy of the embedded replica: `reset_peer` (Toxiproxy ends
  connections that were open before with a plain close, and to take the toxic away waits for its timer), and a
  toxicity below 1 (Toxiproxy throws the dice again whenever a neighbour comes or goes, and no seed decides them).
- The front takes a link down: clients connect to it, and a down link refuses them. Behind it they would be accepted and
  then closed. A link is up when both are, so `enable` goes to both.
- `noop` marks what somebody does to a link, and is where the link goes down.

The front dials once for each connection and keeps none for later, so what the back does to a connection happens to one
client's, also its end: a close comes through as a close, a reset as a reset.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

from blackstart.toxics.errors import ProxyRefused

if TYPE_CHECKING:
    from blackstart.toxics.client import Client

__all__ = ["BEHIND", "RELEASED", "Links"]

BEHIND: Final = frozenset({"bandwidth", "latency", "limit_data", "slicer", "slow_close", "timeout"})
"""The types of toxics that the back has."""

RELEASED: Final = BEHIND | {"noop", "reset_peer"}
"""The types that a Toxiproxy alone knows."""

T = TypeVar("T")

_NOT_FOUND: Final = 404

_EVERY_INTERFACE: Final = ("", "[::]", "0.0.0.0")


class Links:
    """A `base.FaultProxy`. A server that is gone has taken its toxics with it; with both gone, nobody answers.

    Any thread may call; nothing is held open between two calls.
    """

    def __init__(self, front: Client, back: Client) -> None:
        self.front = front
        self.back = back

    def __repr__(self) -> str:
        return f"Links({self.front!r}, {self.back!r})"

    @property
    def at(self) -> str:
        return f"{self.front.at} and {self.back.at}"

    def proxies(self) -> dict[str, dict[str, Any]]:
        """As the front describes them, with the toxics of both; `enabled` when both are."""
        front, back = _unless_gone(self.front.proxies), _unless_gone(self.back.proxies)
        if front is None and back is None:
            raise ConnectionRefusedError(f"nobody answers at {self.at}")
        front, back = front or {}, back or {}
        return {name: _one(front.get(name), back.get(name)) for name in {**front, **back}}

    def proxy(self, name: str) -> dict[str, Any]:
        found = self.proxies()
        if name not in found:
            raise ProxyRefused(_NOT_FOUND, "proxy not found")
        return found[name]

    def toxics(self, proxy: str) -> list[dict[str, Any]]:
        return list(self.proxy(proxy)["toxics"])

    def add(
        self,
        proxy: str,
        type: str,
        *,
        name: str | None = None,
        stream: str = "downstream",
        toxicity: float = 1.0,
        attributes: Mapping[str, Any] | None = None,
        clients: Iterable[str] = (),
        ttl_ms: int | None = None,
    ) -> dict[str, Any]:
        chosen, name = list(clients), name or f"{type}_{stream}"
        there = self.proxy(proxy)
        if any(toxic["name"] == name for toxic in there["toxics"]):
            raise ProxyRefused(409, "toxic already exists")
        plain = not chosen and not ttl_ms and toxicity >= 1 and there["protocol"] != "udp"
        server = self.back if plain and type in BEHIND else self.front
        return server.add(
            proxy,
            type,
            name=name,
            stream=stream,
            toxicity=toxicity,
            attributes=attributes,
            clients=chosen,
            ttl_ms=ttl_ms,
        )

    def update(
        self,
        proxy: str,
        toxic: str,
        *,
        toxicity: float | None = None,
        attributes: Mapping[str, Any] | None = None,
        clients: Iterable[str] | None = None,
        ttl_ms: int | None = None,
    ) -> dict[str, Any]:
        """Where it is, it stays: an update that only the front could obey is refused for a toxic of the back."""
        chosen = None if clients is None else list(clients)
        found = _unless_gone(lambda: self.front.toxics(proxy)) or []
        server = self.front if any(one["name"] == toxic for one in found) else self.back
        return server.update(
            proxy, toxic, toxicity=toxicity, attributes=attributes, clients=chosen, ttl_ms=ttl_ms
        )

    def remove(self, proxy: str, toxic: str) -> None:
        """From both. OSError or ProxyRefused of the first that fails, when the other was asked too."""
        _both(lambda: self.front.remove(proxy, toxic), lambda: self.back.remove(proxy, toxic))

    def enable(self, name: str) -> None:
        _both(lambda: self.front.enable(name), lambda: self._enable_behind(name))

    def _enable_behind(self, name: str) -> None:
        try:
            self.back.enable(name)
        except ProxyRefused as refused:
            if refused.status != _NOT_FOUND:  # a link over UDP is the front's alone
                raise

    def disable(self, name: str, ttl_ms: int | None = None) -> None:
        self.front.disable(name, ttl_ms)


def _one(front: dict[str, Any] | None, back: dict[str, Any] | None) -> dict[str, Any]:
    both = [each for each in (front, back) if each is not None]
    return {
        **both[0],
        "listen": _spelled(both[0]["listen"]),
        "enabled": all(each["enabled"] for each in both),
        "toxics": [toxic for each in both for toxic in each["toxics"]],
    }


def _spelled(listen: str) -> str:
    """Every interface in one spelling: the servers' differ, and a link is known by where it listens also when only
    the back is left to tell.
    """
    host, _, port = listen.rpartition(":")
    return f"0.0.0.0:{port}" if host in _EVERY_INTERFACE else listen


def _unless_gone(ask: Callable[[], T]) -> T | None:
    try:
        return ask()
    except ConnectionRefusedError:
        return None


def _both(*asks: Callable[[], None]) -> None:
    """Ask each, whatever comes of the other. Of one that is gone there is nothing to ask."""
    failed: list[OSError | ProxyRefused] = []
    for ask in asks:
        try:
            _unless_gone(ask)
        except (OSError, ProxyRefused) as error:
            failed.append(error)
    if failed:
        raise failed[0]

"""All proxies of the process, by name."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from blackstart.toxics.addresses import resolve, split
from blackstart.toxics.errors import ProxyRefused, bad_request, missing_field
from blackstart.toxics.listening import narrowed
from blackstart.toxics.model import (
    Toxic,
    demand,
    demand_name,
    demand_object,
    demand_written,
    read_change,
    read_toxic,
    read_ttl,
)
from blackstart.toxics.proxy import Proxy, Settings
from blackstart.toxics.types import LISTENERS, TYPES, listener_class

__all__ = ["Collection", "PopulateFailed"]


class PopulateFailed(Exception):
    """A list of proxies of which only the first ones were made: `made`. `refused` says why it ended there."""

    def __init__(self, made: list[Proxy], refused: ProxyRefused) -> None:
        super().__init__(refused.message)
        self.made = made
        self.refused = refused


@dataclass(frozen=True, slots=True)
class _Wish:
    """A proxy as the body of a request asks for it; None where it says nothing."""

    name: str
    listen: str | None
    upstream: str | None
    enabled: bool | None
    protocol: str | None
    ttl_ms: int | None

    @classmethod
    def read(cls, document: Any) -> _Wish:
        """ProxyRefused for a value of the wrong kind. Names that it does not know are passed over, as Go does."""
        body = demand_object(document)
        return cls(
            name=_text(body, "name") or "",
            listen=_address(body, "listen"),
            upstream=_address(body, "upstream"),
            enabled=None if body.get("enabled") is None else demand("enabled", bool, body["enabled"]),
            protocol=_text(body, "protocol"),
            ttl_ms=None if body.get("ttl_ms") is None else read_ttl(body, 0),
        )

    def demand_complete(self, where: str = "") -> None:
        if not self.name:
            raise missing_field(f"name{where}")
        if not self.upstream:
            raise missing_field(f"upstream{where}")
        demand_name(self.name)
        if self.protocol is not None and self.protocol not in LISTENERS:
            raise bad_request(f"protocol must be one of {', '.join(LISTENERS)}, not {self.protocol!r}")

    def demand_no_ttl(self) -> None:
        """A proxy that is up has nothing to heal: who thinks that it will go down by itself is told."""
        if self.ttl_ms:
            raise bad_request("ttl_ms is how long a proxy stays down: say enabled false with it")


def _text(body: Mapping[str, Any], name: str) -> str | None:
    return None if body.get(name) is None else demand(name, str, body[name])


def _address(body: Mapping[str, Any], name: str) -> str | None:
    text = _text(body, name)
    return None if text is None else demand_written(name, text)


class Collection:
    """Every call either does the whole of what it says, or raises ProxyRefused and has changed nothing."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._proxies: dict[str, Proxy] = {}

    def all(self) -> list[Proxy]:
        return list(self._proxies.values())

    def get(self, name: str) -> Proxy:
        if name not in self._proxies:
            raise ProxyRefused(404, "proxy not found")
        return self._proxies[name]

    def create(self, document: Any) -> Proxy:
        """A new proxy from the body of a POST, up unless it says `"enabled": false`."""
        wish = _Wish.read(document)
        wish.demand_complete()
        if wish.name in self._proxies:
            raise ProxyRefused(409, "proxy already exists")
        return self._add(self._make(wish), wish)

    def populate(self, document: Any) -> list[Proxy]:
        """Many, in order. Equal ones stay as they are, different ones are replaced, others are left alone.

        PopulateFailed when one cannot be made: those before it stay.
        """
        if not isinstance(document, list):
            raise bad_request("a list of proxies is expected")
        wishes = [_Wish.read(one) for one in document]
        for number, wish in enumerate(wishes, 1):
            wish.demand_complete(f" at proxy {number}")
        made: list[Proxy] = []
        for wish in wishes:
            try:
                made.append(self._add_or_replace(wish))
            except ProxyRefused as refused:
                raise PopulateFailed(made, refused) from refused
        return made

    def update(self, name: str, document: Any) -> Proxy:
        """What the body names is changed. A proxy that is down for a time only starts that time anew."""
        proxy, wish = self.get(name), _Wish.read(document)
        if wish.protocol is not None and wish.protocol != proxy.protocol:
            raise bad_request(f"{name} is a {proxy.protocol} proxy and stays one: delete it and make another")
        listen = self._listen_of(proxy, wish)
        upstream = proxy.upstream if wish.upstream is None else wish.upstream
        enabled = proxy.enabled if wish.enabled is None else wish.enabled
        before = proxy.listen, proxy.upstream
        if enabled:
            wish.demand_no_ttl()
        else:
            self._down(proxy, wish)
        if (listen, upstream) != before:
            proxy.move(listen, upstream)
        if enabled and not proxy.enabled:
            self._come_up(proxy, before)
        return proxy

    def remove(self, name: str) -> None:
        self.get(name).close()
        del self._proxies[name]

    def reset(self) -> None:
        """Every proxy up, without toxics. ProxyRefused for the first that cannot come up, when all others are."""
        refusals: list[ProxyRefused] = []
        for proxy in self.all():
            proxy.clear()
            try:
                proxy.start()
            except ProxyRefused as refused:
                refusals.append(refused)
        if refusals:
            raise refusals[0]

    def close(self) -> None:
        """Stop serving, for good."""
        for proxy in self.all():
            self.remove(proxy.name)

    def toxic(self, proxy: str, name: str) -> Toxic:
        found = self.get(proxy).find(name)
        if found is None:
            raise ProxyRefused(404, "toxic not found")
        return found

    def add_toxic(self, proxy: str, document: Any) -> Toxic:
        owner = self.get(proxy)
        toxic = read_toxic(document, owner.protocol, TYPES)
        owner.add(toxic)
        return toxic

    def change_toxic(self, proxy: str, name: str, document: Any) -> Toxic:
        toxic = self.toxic(proxy, name)
        self.get(proxy).change(toxic, read_change(document, toxic))
        return toxic

    def remove_toxic(self, proxy: str, name: str) -> None:
        self.get(proxy).remove(self.toxic(proxy, name))

    def _narrowed(self, listen: str) -> str:
        return narrowed(listen, allow_remote=self._settings.allow_remote)

    def _make(self, wish: _Wish) -> Proxy:
        listen, protocol = self._narrowed(wish.listen or ""), wish.protocol or "tcp"
        return Proxy(
            self._settings,
            wish.name,
            listen,
            wish.upstream or "",
            protocol,
            listener=listener_class(protocol),
        )

    def _add(self, proxy: Proxy, wish: _Wish) -> Proxy:
        if wish.enabled is False:
            proxy.down_for(wish.ttl_ms or 0)
        else:
            wish.demand_no_ttl()
            proxy.start()
        self._proxies[proxy.name] = proxy
        return proxy

    def _add_or_replace(self, wish: _Wish) -> Proxy:
        there = self._proxies.get(wish.name)
        if there is None:
            return self._add(self._make(wish), wish)
        same = (wish.upstream, wish.protocol or "tcp") == (there.upstream, there.protocol)
        if same and _same(self._narrowed(wish.listen or ""), there.listen):
            return there
        return self._replace(there, self._make(wish), wish)

    def _replace(self, there: Proxy, made: Proxy, wish: _Wish) -> Proxy:
        """The new one may need the old one's port, so that goes first; it comes back if the new one cannot."""
        was_up = there.enabled
        if was_up:  # one that is down holds no port, and may be waiting to come up by itself
            there.stop()
        try:
            self._add(made, wish)
        except ProxyRefused:
            if was_up:
                there.start()
            raise
        there.close()
        return made

    def _listen_of(self, proxy: Proxy, wish: _Wish) -> str:
        """The address asked for; as it was where it is only spelled otherwise."""
        if wish.listen is None:
            return proxy.listen
        listen = self._narrowed(wish.listen)
        return proxy.listen if _same(listen, proxy.listen) else listen

    def _come_up(self, proxy: Proxy, before: tuple[str, str]) -> None:
        """From down; the addresses of before, when it cannot at those of now."""
        try:
            proxy.start()
        except ProxyRefused:
            proxy.move(*before)
            raise

    def _down(self, proxy: Proxy, wish: _Wish) -> None:
        ttl_ms = proxy.ttl_ms if wish.ttl_ms is None else wish.ttl_ms
        proxy.stop()
        proxy.down_for(ttl_ms)


def _same(one: str, other: str) -> bool:
    """Whether two spellings are one address. Port 0 is any port, so never the same."""
    if one == other:
        return not one.endswith(":0")
    try:
        return _first(one) == _first(other)
    except (OSError, ValueError):
        return False


def _first(text: str) -> tuple[str, int]:
    host, port = split(text)
    if not port:
        raise ValueError("any port")
    return resolve(host or "127.0.0.1", port, socket.SOCK_STREAM)[0][1]

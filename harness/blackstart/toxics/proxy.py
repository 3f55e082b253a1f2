"""One proxy: where it listens, where it leads, whether it is up, and its toxics. Its listener does the rest."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, Protocol

from blackstart.toxics.errors import ProxyRefused
from blackstart.toxics.loop import MS, Loop, Timer
from blackstart.toxics.metrics import Traffic
from blackstart.toxics.model import STREAMS, Change, Toxic

__all__ = ["Listener", "ListenerClass", "Proxy", "Settings"]

_AGAIN_NS = 500 * MS
"""How soon a proxy whose time is over, and whose address is taken, tries again to come up."""


class Listener(Protocol):
    """What serves one proxy of one protocol while it is enabled. One is made each time it comes up.

    All calls come on the loop's thread. `proxy.toxics` is up to date when one of the three `toxic_` calls comes.
    """

    def start(self, listen: str) -> str:
        """Bind and serve; returns the real address, as `127.0.0.1:8080`. OSError when that cannot be, ValueError
        for an address that is none; nothing is left open then.
        """

    def stop(self) -> None:
        """Stop listening and close every connection, at once."""

    def drop(self) -> None:
        """Close every connection, go on listening: the upstream has changed."""

    def toxic_added(self, toxic: Toxic) -> None: ...

    def toxic_changed(self, toxic: Toxic, *, rolled: bool) -> None:
        """New values. `rolled`: whom it acts on may have changed too, and is to be decided anew."""

    def toxic_removed(self, toxic: Toxic) -> None: ...


ListenerClass = Callable[["Proxy"], Listener]


class Settings:
    """What holds for the whole process: its loop, its seed, and whether other machines may connect."""

    def __init__(self, loop: Loop, seed: str = "0", *, allow_remote: bool = False) -> None:
        self.loop = loop
        self.seed = seed
        self.allow_remote = allow_remote


class Proxy:
    """A proxy of the collection. `listen` is what was asked for until it first came up, the real address from then."""

    def __init__(
        self,
        settings: Settings,
        name: str,
        listen: str,
        upstream: str,
        protocol: str = "tcp",
        *,
        listener: ListenerClass,
    ) -> None:
        self.settings = settings
        self.loop = settings.loop
        self.name = name
        self.listen = listen
        self.upstream = upstream
        self.protocol = protocol
        self.toxics: list[Toxic] = []
        self.traffic = Traffic()
        self.ttl_ms = 0
        self._made = listener
        self._listener: Listener | None = None
        self._up_again: Timer | None = None
        self._ends: dict[str, Timer] = {}
        self._clients = 0

    @property
    def enabled(self) -> bool:
        return self._listener is not None

    def to_json(self) -> dict[str, Any]:
        """As Toxiproxy shows it; our extensions only where they are used."""
        shown: dict[str, Any] = {
            "name": self.name,
            "listen": self.listen,
            "upstream": self.upstream,
            "enabled": self.enabled,
            "toxics": [toxic.to_json() for toxic in self.listed()],
        }
        if self.protocol != "tcp":
            shown["protocol"] = self.protocol
        if self.ttl_ms:
            shown["ttl_ms"] = self.ttl_ms
        return shown

    def listed(self) -> list[Toxic]:
        """All toxics in the order that is shown: upstream first, each stream in the order of creation."""
        return [toxic for stream in STREAMS for toxic in self.toxics if toxic.stream == stream]

    def toxics_for(self, client: str, stream: str) -> Iterator[Toxic]:
        """The toxics that may act on a client's stream, in the order of creation. Toxicity is still to be rolled."""
        return (one for one in self.toxics if one.stream == stream and one.acts_on(client))

    def next_client(self) -> int:
        """The number of one more connection (or client of a UDP proxy), from 1."""
        self._clients += 1
        return self._clients

    def random(self, *parts: object) -> Random:
        """A source of chance that is the same in every run with the same seed, proxy and parts."""
        return Random("/".join([self.settings.seed, self.name, *map(str, parts)]))

    def start(self) -> None:
        """Come up; fine when it is up. ProxyRefused, in Toxiproxy's status 500, when it cannot listen there."""
        if self._listener is None:
            self._listener = self._up(self.listen)
        self._forget_down()

    def stop(self) -> None:
        """Go down: every connection is closed, new ones are refused. Fine when it is down."""
        self._forget_down()
        if self._listener is not None:
            self._listener.stop()
            self._listener = None

    def down_for(self, ttl_ms: int) -> None:
        """While it is down: come up by itself after so many ms, unless this is called again. 0: stay down."""
        self._forget_down()
        self.ttl_ms = ttl_ms
        if ttl_ms:
            self._up_again = self.loop.call_at(self.loop.now() + ttl_ms * MS, self._time_is_over)

    def move(self, listen: str, upstream: str) -> None:
        """Other addresses. Connections are dropped. ProxyRefused when it cannot listen there: it is as before then."""
        if self._listener is None:
            self.listen, self.upstream = listen, upstream
        elif listen == self.listen:
            self.upstream = upstream
            self._listener.drop()
        else:
            self._relisten(listen)
            self.upstream = upstream

    def add(self, toxic: Toxic) -> None:
        if self.find(toxic.name) is not None:
            raise ProxyRefused(409, "toxic already exists")
        self.toxics.append(toxic)
        self._limit(toxic)
        if self._listener:
            self._listener.toxic_added(toxic)

    def change(self, toxic: Toxic, change: Change) -> None:
        """Apply what was found good, as a whole; the toxic's time begins anew."""
        rolled = change.apply(toxic)
        self._limit(toxic)
        if self._listener:
            self._listener.toxic_changed(toxic, rolled=rolled)

    def remove(self, toxic: Toxic) -> None:
        """Take it away; never waits for anybody."""
        self.toxics.remove(toxic)
        self._unlimit(toxic)
        if self._listener:
            self._listener.toxic_removed(toxic)

    def find(self, name: str) -> Toxic | None:
        return next((toxic for toxic in self.toxics if toxic.name == name), None)

    def clear(self) -> None:
        """Take every toxic away."""
        for toxic in list(self.toxics):
            self.remove(toxic)

    def close(self) -> None:
        """For good: no timer is left either."""
        self.stop()
        for toxic in self.toxics:
            self._unlimit(toxic)

    def _up(self, listen: str) -> Listener:
        listener = self._made(self)
        try:
            self.listen = listener.start(listen)
        except (OSError, ValueError) as error:
            raise ProxyRefused(500, f"listen {self.protocol} {listen}: {_why(error)}") from error
        return listener

    def _relisten(self, listen: str) -> None:
        """First the new address, then away with the old; where the new one needs the old one's port, the other way."""
        old, before = self._listener, self.listen
        assert old is not None
        try:
            self._listener = self._up(listen)
        except ProxyRefused as refused:
            if not _in_use(refused):
                raise
            old.stop()
            self._listener = None
            try:
                self._listener = self._up(listen)
            except ProxyRefused:
                self._listener = self._up(before)
                raise
        else:
            old.stop()

    def _forget_down(self) -> None:
        self.ttl_ms = 0
        if self._up_again:
            self._up_again.cancel()
            self._up_again = None

    def _time_is_over(self) -> None:
        ttl_ms = self.ttl_ms
        try:
            self.start()
        except ProxyRefused:
            self.ttl_ms = ttl_ms
            self._up_again = self.loop.call_at(self.loop.now() + _AGAIN_NS, self._time_is_over)

    def _limit(self, toxic: Toxic) -> None:
        self._unlimit(toxic)
        if toxic.ttl_ms:
            when = self.loop.now() + toxic.ttl_ms * MS
            self._ends[toxic.name] = self.loop.call_at(when, lambda: self.remove(toxic))

    def _unlimit(self, toxic: Toxic) -> None:
        if timer := self._ends.pop(toxic.name, None):
            timer.cancel()


def _in_use(refused: ProxyRefused) -> bool:
    cause = refused.__cause__
    return isinstance(cause, OSError) and cause.errno == errno.EADDRINUSE


def _why(error: Exception) -> str:
    """As Go words it, for clients that look: "address already in use"."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[0].lower() + error.strerror[1:]
    return str(error)

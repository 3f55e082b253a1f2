"""The Toxiproxies beside several components, as one fault proxy; and what is wanted of each, kept on disk.

A component that is started again has a new network namespace, and a Toxiproxy there that knows of no toxic. What it
had, and nobody has taken away, is put back from `<folder>/links/<component>.json` by whichever process starts it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from blackstart.replica.containers.kept import Kept
from blackstart.toxics.errors import ProxyRefused

if TYPE_CHECKING:
    from blackstart.toxics.client import Client

__all__ = ["LINKS", "Beside", "Links"]

T = TypeVar("T")

_NOT_FOUND = 404
_ALREADY = 409

LINKS = "links"

_DOWN = "down"
_TOXICS = "toxics"


class Beside:
    """One component's Toxiproxy, and what is wanted of it. Safe from any process and thread."""

    def __init__(self, component: str, names: Iterable[str], client: Client, folder: Path) -> None:
        self.component = component
        self.names = tuple(names)
        self.client = client
        self._kept = Kept(folder / LINKS / f"{component}.json", component)

    def proxies(self) -> dict[str, dict[str, Any]]:
        """None when nobody answers: then nothing of the component can be reached either."""
        return _unless_gone(self.client.proxies) or {}

    def note(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Change what is wanted."""
        with self._kept.locked():
            wanted = {_DOWN: [], _TOXICS: {}, **self._kept.read()}
            change(wanted)
            self._kept.set(**wanted)

    def restore(self) -> None:
        """Put back what is wanted and not there. OSError when nobody answers, ProxyRefused when it refuses."""
        wanted = self._kept.read()
        for proxy, toxics in wanted.get(_TOXICS, {}).items():
            for name, toxic in toxics.items():
                self._add(proxy, name, toxic)
        for proxy in wanted.get(_DOWN, []):
            self.client.disable(proxy)

    def _add(self, proxy: str, name: str, toxic: Mapping[str, Any]) -> None:
        try:
            self.client.add(proxy, toxic["type"], name=name, **toxic["how"])
        except ProxyRefused as refused:
            if refused.status != _ALREADY:
                raise

    def forget(self) -> None:
        """Nothing is wanted of it any more."""
        self.note(lambda wanted: wanted.update({_DOWN: [], _TOXICS: {}}))


class Links:
    """A `toxics.base.FaultProxy` over all of them: a proxy's name says which one is meant.

    One that is gone has no proxies; healing what it had is then a note on disk, for when it is back.
    """

    def __init__(self, beside: Iterable[Beside]) -> None:
        self.beside = tuple(beside)
        self._of = {name: each for each in self.beside for name in each.names}

    @property
    def at(self) -> str:
        return ", ".join(each.client.at for each in self.beside)

    def _one(self, proxy: str) -> Beside:
        if proxy not in self._of:
            raise ProxyRefused(_NOT_FOUND, "proxy not found")
        return self._of[proxy]

    def proxies(self) -> dict[str, dict[str, Any]]:
        return {name: about for each in self.beside for name, about in each.proxies().items()}

    def toxics(self, proxy: str) -> list[dict[str, Any]]:
        return self._one(proxy).client.toxics(proxy)

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
        """ProxyRefused for single clients and for a time to live: a Toxiproxy knows neither."""
        one, name = self._one(proxy), name or f"{type}_{stream}"
        how: dict[str, Any] = {"stream": stream, "toxicity": toxicity, "attributes": dict(attributes or {})}
        made = one.client.add(proxy, type, name=name, clients=clients, ttl_ms=ttl_ms, **how)
        one.note(
            lambda wanted: wanted[_TOXICS].setdefault(proxy, {}).update({name: {"type": type, "how": how}})
        )
        return made

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
        one = self._one(proxy)
        made = one.client.update(
            proxy, toxic, toxicity=toxicity, attributes=attributes, clients=clients, ttl_ms=ttl_ms
        )

        def change(wanted: dict[str, Any]) -> None:
            how = wanted[_TOXICS].get(proxy, {}).get(toxic, {}).get("how", {})
            how.update({} if toxicity is None else {"toxicity": toxicity})
            how.setdefault("attributes", {}).update(attributes or {})

        one.note(change)
        return made

    def remove(self, proxy: str, toxic: str) -> None:
        """Fine when it, the proxy, or all of the Toxiproxy is not there."""
        one = self._of.get(proxy)
        if one is not None:
            one.note(lambda wanted: wanted[_TOXICS].get(proxy, {}).pop(toxic, None))
            _unless_gone(lambda: one.client.remove(proxy, toxic))

    def enable(self, name: str) -> None:
        one = self._one(name)
        one.note(lambda wanted: wanted.update({_DOWN: [each for each in wanted[_DOWN] if each != name]}))
        _unless_gone(lambda: one.client.enable(name))

    def disable(self, name: str, ttl_ms: int | None = None) -> None:
        """ProxyRefused for a time to live."""
        one = self._one(name)
        one.client.disable(name, ttl_ms)
        one.note(lambda wanted: wanted.update({_DOWN: sorted({*wanted[_DOWN], name})}))

    def restore(self) -> None:
        """Put back what is wanted of each, as far as it answers."""
        for each in self.beside:
            with suppress(OSError, HTTPException):
                each.restore()


def _unless_gone(ask: Callable[[], T]) -> T | None:
    """None when nobody answers any more. Docker's own listener takes connections to a published port for a while
    longer than there is anybody behind it, and then closes them.
    """
    try:
        return ask()
    except ConnectionError:  # http.client.RemoteDisconnected is one
        return None

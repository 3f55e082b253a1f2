"""Several Toxiproxies as one, and what is wanted of them when one comes back without its toxics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from blackstart.replica.foreign.links import Beside, Links
from blackstart.toxics.client import Client
from blackstart.toxics.errors import ProxyRefused

LATENCY = {"type": "latency", "stream": "downstream", "toxicity": 1.0, "attributes": {"latency": 5}}


class OneProxy:
    """A Toxiproxy with one proxy, which may be gone."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.at = f"{name}:8474"
        self.gone: type[OSError] | None = None
        self.begin()

    def begin(self) -> None:
        self.enabled = True
        self.there: dict[str, dict[str, Any]] = {}

    def _asked(self) -> None:
        if self.gone:
            raise self.gone()

    def proxies(self) -> dict[str, dict[str, Any]]:
        self._asked()
        return {self.name: {"name": self.name, "enabled": self.enabled, "toxics": list(self.there.values())}}

    def toxics(self, proxy: str) -> list[dict[str, Any]]:
        self._asked()
        return list(self.there.values())

    def add(
        self, proxy: str, type: str, *, name: str, clients: Any = (), ttl_ms: Any = None, **how: Any
    ) -> Any:
        self._asked()
        if name in self.there:
            raise ProxyRefused(409, "toxic already exists")
        self.there[name] = {"name": name, "type": type, **how}
        return self.there[name]

    def update(self, proxy: str, toxic: str, *, attributes: Mapping[str, Any] | None, **more: Any) -> Any:
        self._asked()
        self.there[toxic]["attributes"] = {**self.there[toxic]["attributes"], **(attributes or {})}
        return self.there[toxic]

    def remove(self, proxy: str, toxic: str) -> None:
        self._asked()
        self.there.pop(toxic, None)

    def enable(self, name: str) -> None:
        self._asked()
        self.enabled = True

    def disable(self, name: str, ttl_ms: int | None = None) -> None:
        self._asked()
        self.enabled = False


@pytest.fixture
def db() -> OneProxy:
    return OneProxy("db")


@pytest.fixture
def cache() -> OneProxy:
    return OneProxy("cache")


@pytest.fixture
def links(db: OneProxy, cache: OneProxy, tmp_path: Path) -> Links:
    return Links(Beside(each.name, [each.name], cast(Client, each), tmp_path) for each in (db, cache))


def test_a_proxy_s_name_says_which_one_is_meant(links: Links, db: OneProxy, cache: OneProxy) -> None:
    links.add("db", "latency", attributes={"latency": 5})
    links.disable("cache")
    assert db.there == {"latency_downstream": {"name": "latency_downstream", **LATENCY}}
    assert (db.enabled, cache.enabled, cache.there) == (True, False, {})
    assert set(links.proxies()) == {"db", "cache"}
    assert links.at == "db:8474, cache:8474"


def test_what_was_wanted_is_put_back_when_it_begins_anew(links: Links, db: OneProxy) -> None:
    links.add("db", "latency", name="slow", attributes={"latency": 5})
    links.update("db", "slow", attributes={"latency": 9})
    links.add("db", "timeout", name="gone", stream="upstream")
    links.remove("db", "gone")
    links.disable("db")
    db.begin()
    links.restore()
    assert db.there == {"slow": {"name": "slow", **LATENCY, "attributes": {"latency": 9}}}
    assert not db.enabled
    links.restore()  # what is there stays


def test_another_process_puts_it_back_too(db: OneProxy, tmp_path: Path) -> None:
    Links([Beside("db", ["db"], cast(Client, db), tmp_path)]).add("db", "latency", name="slow")
    db.begin()
    Links([Beside("db", ["db"], cast(Client, db), tmp_path)]).restore()
    assert set(db.there) == {"slow"}


@pytest.mark.parametrize("gone", [ConnectionRefusedError, ConnectionResetError])
def test_healing_one_that_is_gone_is_a_note_for_when_it_is_back(
    links: Links, db: OneProxy, gone: type[OSError]
) -> None:
    links.add("db", "latency", name="slow")
    links.disable("db")
    db.gone = gone
    links.remove("db", "slow")
    links.enable("db")
    assert set(links.proxies()) == {"cache"}
    db.gone = None
    db.begin()
    links.restore()
    assert (db.there, db.enabled) == ({}, True)


def test_breaking_one_that_is_gone_is_refused_and_not_wanted(links: Links, db: OneProxy) -> None:
    db.gone = ConnectionRefusedError
    with pytest.raises(ConnectionRefusedError):
        links.add("db", "latency", name="slow")
    db.gone = None
    links.restore()
    assert db.there == {}


@pytest.mark.parametrize(
    "ask",
    [
        lambda links: links.toxics("nobody"),
        lambda links: links.disable("nobody"),
        lambda links: links.add("nobody", "latency"),
    ],
)
def test_a_proxy_that_nobody_has(links: Links, ask: Callable[[Links], object]) -> None:
    with pytest.raises(ProxyRefused, match="proxy not found"):
        ask(links)


def test_taking_a_toxic_from_a_proxy_that_nobody_has_is_fine(links: Links) -> None:
    links.remove("nobody", "latency")


def test_forgetting(links: Links, db: OneProxy) -> None:
    links.add("db", "latency", name="slow")
    links.beside[0].forget()
    db.begin()
    links.restore()
    assert db.there == {}

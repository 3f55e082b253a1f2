"""The harness's client of a fault proxy: of a real Toxiproxy, or of ours, which speaks the same API.

The calls are made by the package toxiproxy-python (`consumer.py`), whose rough edges end here: one server for the whole
process, no timeout, answers lost, errors of no kind. What stalls or kills a real Toxiproxy is not sent to it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from blackstart.toxics.client import Client
from blackstart.toxics.errors import bad_request
from blackstart.toxics.model import demand_name
from blackstart.toxics.types import TYPES

__all__ = ["Toxiproxy"]

OURS = "+blackstart"
"""In the version of our own proxy."""


class Toxiproxy(Client):
    """Everything that `Client` does, over the package. Any number of them may be used at once, from any thread.

    ProxyRefused when the server refuses, and for values that would stall or kill a real Toxiproxy; OSError when
    nobody answers within `timeout` seconds. There is nothing to close.
    """

    def create(self, name: str, listen: str, upstream: str, protocol: str = "tcp") -> dict[str, Any]:
        if protocol != "tcp":
            self._demand_ours(f"a proxy for {protocol}")
        return super().create(demand_name(name), listen, upstream, protocol)

    def disable(self, name: str, ttl_ms: int | None = None) -> None:
        if ttl_ms:
            self._demand_ours("a time to live")
        super().disable(name, ttl_ms)

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
        chosen = list(clients)
        if name is not None:
            demand_name(name)
        self._demand_sane(type, dict(attributes or {}))
        self._demand_known(chosen, ttl_ms)
        return super().add(
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
        """Looked at as a whole before it is sent: Toxiproxy keeps half of an update that it refuses."""
        chosen = None if clients is None else list(clients)
        self._demand_known(chosen, ttl_ms)
        if attributes is not None:
            there = self.toxic(proxy, toxic)
            self._demand_sane(there["type"], {**there["attributes"], **attributes})
        return super().update(
            proxy, toxic, toxicity=toxicity, attributes=attributes, clients=chosen, ttl_ms=ttl_ms
        )

    def _demand_sane(self, type: str, attributes: dict[str, Any]) -> None:
        """The bounds are those of our own proxy's types, which were set to what does not stall or kill Toxiproxy.

        One is Toxiproxy's alone: taking a reset_peer away waits for its timer. A type that ours has not is the
        server's to judge.
        """
        if type not in TYPES:
            return
        values = TYPES[type].read(attributes)
        if type == "reset_peer" and values["timeout"] >= self.timeout * 1000 and not self._ours():
            raise bad_request(
                f"reset_peer: a Toxiproxy takes it away only once its timer is over, and {values['timeout']} ms is "
                f"longer than the {self.timeout:g} s that are waited for an answer; take less"
            )

    def _demand_known(self, clients: list[str] | None, ttl_ms: int | None) -> None:
        """Toxiproxy passes over what it does not know: the toxic would hit everybody, or stay."""
        if clients:
            self._demand_ours("a toxic for some clients only")
        if ttl_ms:
            self._demand_ours("a time to live")

    def _demand_ours(self, what: str) -> None:
        if not self._ours():
            raise bad_request(f"a Toxiproxy does not know {what}; blackstart's own proxy does")

    def _ours(self) -> bool:
        return OURS in self.version()

    def _exchange(self, method: str, path: str, body: str | None) -> tuple[int, bytes]:
        """Updates go by POST: the package has no PATCH, and every release of Toxiproxy takes POST."""
        from blackstart.toxics.consumer import exchange

        verb = "POST" if method == "PATCH" else method
        asked = None if body is None else json.loads(body)
        return exchange((self.host, self.port), self.timeout, verb, path, asked)

"""What faults, and people's command `network`, need of whatever carries a platform's connections."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

__all__ = ["FaultProxy"]


class FaultProxy(Protocol):
    """One fault proxy (`client.Client`, `toxiproxy.Toxiproxy`), or two in a row (`links.Links`).

    Every call: ProxyRefused when it is not obeyed; OSError when nobody answers, of these ConnectionRefusedError when
    there is nobody any more, and so no toxic either. May be called from any thread; nothing is held open between two
    calls.
    """

    @property
    def at(self) -> str:
        """Where it takes orders, for messages: `127.0.0.1:8474`."""

    def proxies(self) -> dict[str, dict[str, Any]]:
        """Every proxy by name: `listen`, `upstream`, `protocol`, `enabled`, and its `toxics`."""

    def toxics(self, proxy: str) -> list[dict[str, Any]]: ...

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
        """A new toxic. `clients`: only on what comes from these addresses; `ttl_ms`: away by itself unless renewed."""

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
        """What is given changes, the rest stays."""

    def remove(self, proxy: str, toxic: str) -> None:
        """Fine when it, or the proxy, is not there."""

    def enable(self, name: str) -> None: ...

    def disable(self, name: str, ttl_ms: int | None = None) -> None:
        """Close its connections and refuse new ones; with `ttl_ms` only for so long."""

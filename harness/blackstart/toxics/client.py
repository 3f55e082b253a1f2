"""A small client of the proxy's API. One call, one connection: nothing is held open between two."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from http.client import HTTPConnection
from typing import Any, Final, cast
from urllib.parse import quote

from blackstart.toxics.errors import ProxyRefused

__all__ = ["Client"]

_NOT_FOUND: Final = 404


class Client:
    """Talks to one proxy process. ProxyRefused when it refuses, OSError when nobody answers within `timeout` s."""

    def __init__(self, host: str = "127.0.0.1", port: int = 8474, *, timeout: float = 10.0) -> None:
        self.host = host
        self.port = port
        self.timeout = timeout

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.host!r}, {self.port})"

    @property
    def at(self) -> str:
        """Where it takes orders, for messages."""
        return f"{self.host}:{self.port}"

    def version(self) -> str:
        """`2.12.0+blackstart...`: the Toxiproxy whose API this is."""
        return str(self._ask("GET", "/version")["version"])

    def proxies(self) -> dict[str, dict[str, Any]]:
        """Every proxy by name, with `protocol` and its `toxics`."""
        return {name: _whole(proxy) for name, proxy in self._ask("GET", "/proxies").items()}

    def proxy(self, name: str) -> dict[str, Any]:
        return _whole(self._ask("GET", _path(name)))

    def create(self, name: str, listen: str, upstream: str, protocol: str = "tcp") -> dict[str, Any]:
        """A new proxy, up. With port 0 the answer's `listen` has the real one."""
        return _whole(self._ask("POST", "/proxies", _wish(name, listen, upstream, protocol)))

    def populate(self, proxies: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Many at once; equal ones stay as they are."""
        answer = self._ask("POST", "/populate", [dict(proxy) for proxy in proxies])
        return [_whole(proxy) for proxy in answer["proxies"]]

    def move(self, name: str, *, listen: str | None = None, upstream: str | None = None) -> dict[str, Any]:
        """Other addresses. Connections are dropped."""
        asked = {"listen": listen, "upstream": upstream}
        return _whole(self._ask("PATCH", _path(name), _said(asked)))

    def enable(self, name: str) -> None:
        self._ask("PATCH", _path(name), {"enabled": True})

    def disable(self, name: str, ttl_ms: int | None = None) -> None:
        """Close its connections and refuse new ones; with `ttl_ms` only for so long, unless this is called again."""
        self._ask("PATCH", _path(name), _said({"enabled": False, "ttl_ms": ttl_ms}))

    def delete(self, name: str) -> None:
        """Fine when it is not there."""
        self._away(_path(name))

    def reset(self) -> None:
        """Every proxy up, without toxics."""
        self._ask("POST", "/reset")

    def toxics(self, proxy: str) -> list[dict[str, Any]]:
        return cast("list[dict[str, Any]]", self._ask("GET", f"{_path(proxy)}/toxics"))

    def toxic(self, proxy: str, name: str) -> dict[str, Any]:
        return cast("dict[str, Any]", self._ask("GET", _path(proxy, name)))

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
        asked = {
            "name": name,
            "type": type,
            "stream": stream,
            "toxicity": toxicity,
            "attributes": dict(attributes or {}),
            "clients": list(clients) or None,
            "ttl_ms": ttl_ms,
        }
        return cast("dict[str, Any]", self._ask("POST", f"{_path(proxy)}/toxics", _said(asked)))

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
        """What is given changes, the rest stays; its time to live, if it has one, begins anew."""
        asked = {
            "toxicity": toxicity,
            "attributes": None if attributes is None else dict(attributes),
            "clients": None if clients is None else list(clients),
            "ttl_ms": ttl_ms,
        }
        return cast("dict[str, Any]", self._ask("PATCH", _path(proxy, toxic), _said(asked)))

    def remove(self, proxy: str, toxic: str) -> None:
        """Fine when it, or the proxy, is not there."""
        self._away(_path(proxy, toxic))

    def metrics(self) -> str:
        """Prometheus' text."""
        _, body = self._exchange("GET", "/metrics", None)
        return body.decode()

    def _away(self, path: str) -> None:
        try:
            self._ask("DELETE", path)
        except ProxyRefused as refused:
            if refused.status != _NOT_FOUND:
                raise

    def _ask(self, method: str, path: str, asked: Any = None) -> Any:
        status, body = self._exchange(method, path, None if asked is None else json.dumps(asked))
        if status >= 400:
            raise ProxyRefused(status, _message(body))
        try:
            return json.loads(body) if body else None
        except ValueError:
            raise ProxyRefused(status, f"this is no fault proxy: it says {_shown(body)}") from None

    def _exchange(self, method: str, path: str, body: str | None) -> tuple[int, bytes]:
        connection = HTTPConnection(self.host, self.port, timeout=self.timeout)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def _path(proxy: str, toxic: str | None = None) -> str:
    path = f"/proxies/{quote(proxy, safe='')}"
    return path if toxic is None else f"{path}/toxics/{quote(toxic, safe='')}"


def _wish(name: str, listen: str, upstream: str, protocol: str) -> dict[str, Any]:
    wish = {"name": name, "listen": listen, "upstream": upstream}
    return wish if protocol == "tcp" else {**wish, "protocol": protocol}


def _whole(proxy: dict[str, Any]) -> dict[str, Any]:
    """With the protocol also where the API leaves it out, for the sake of Toxiproxy's own clients, and without the
    empty `Logger` that Toxiproxy 2.12 shows by mistake.
    """
    return {"protocol": "tcp", **{key: value for key, value in proxy.items() if key != "Logger"}}


def _said(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in asked.items() if value is not None}


def _message(body: bytes) -> str:
    try:
        return str(json.loads(body)["error"])
    except (ValueError, KeyError, TypeError):
        return _shown(body) or "no reason given"


def _shown(body: bytes) -> str:
    """Not all of a page that somebody else's server may have given."""
    text = body.decode(errors="replace").strip()
    return text if len(text) <= 200 else f"{text[:200]}..."

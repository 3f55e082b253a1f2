"""One HTTP request on loopback, with the standard library.

Not httpx: its import and each client's TLS context cost 0.2 s, and a probe round reads ten of these in 80 ms.
Every request is a new connection, as a new user's would be.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Answer", "request", "why"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The body as JSON; None when it is not."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def complaint(self) -> str:
        """The status with the server's own words: "503 Vault is sealed"."""
        document = self.json()
        errors = document.get("errors") if isinstance(document, dict) else None
        words = "; ".join(map(_words, errors)) if isinstance(errors, list) else ""
        return f"{self.status} {words or http.client.responses.get(self.status, '')}".strip()


def _words(error: object) -> str:
    """An error's text on one line. Vault gives a list of texts, a registry one of objects with a message."""
    text = error.get("message") or error.get("code") if isinstance(error, dict) else error
    return " ".join(str(text).split())


def request(
    address: tuple[str, int],
    method: str,
    path: str,
    *,
    timeout_s: float,
    body: object = None,
    headers: Mapping[str, str] | None = None,
    source: str = "",
) -> Answer:
    """Ask once. `body` is sent as it is when bytes, else as JSON. `source` is the address to call from, if given.

    OSError or http.client.HTTPException when no whole answer came.
    """
    payload = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    connection = http.client.HTTPConnection(
        *address, timeout=timeout_s, source_address=(source, 0) if source else None
    )
    try:
        connection.request(method, path, payload, dict(headers or {}))
        response = connection.getresponse()
        _whole(response)
        names = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, names, response.read())
    finally:
        connection.close()


def _whole(response: http.client.HTTPResponse) -> None:
    """The library takes a connection that closes within the headers for their end. Who does not say where the
    body ends has said that the connection will close (RFC 9112, 6.3), or was cut."""
    ends = response.length is not None or response.chunked or response.version < 11
    if not ends and response.getheader("Connection", "").lower() != "close":
        response.close()  # it holds the connection, and the error's traceback would hold it
        raise http.client.IncompleteRead(b"")


def why(error: Exception) -> str:
    """A failure in a few words, the same on every machine."""
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, TimeoutError):
        return "timed out"
    if isinstance(error, ConnectionError | http.client.RemoteDisconnected):
        return "connection closed"
    return str(error) or type(error).__name__

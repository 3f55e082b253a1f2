"""A small HTTP/1.1 server on the loop: enough for an API whose calls are all quick. No thread, nothing waits."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from blackstart.toxics.listening import Acceptor
from blackstart.toxics.loop import ERROR, IN, MS, OUT, Loop, Timer

__all__ = ["Answer", "Request", "Server"]

_LARGEST_HEAD: Final = 65_536
_LARGEST_BODY: Final = 8 << 20
_PATIENCE_NS: Final = 60_000 * MS
"""How long a connection may say nothing."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request. Names of headers are lower case; `path` is as it was sent, without a query."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back."""

    status: int
    body: bytes = b""
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def to_bytes(self, *, close: bool, with_body: bool) -> bytes:
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.content_type:
            lines.append(f"Content-Type: {self.content_type}")
        if self.status != HTTPStatus.NO_CONTENT:
            lines.append(f"Content-Length: {len(self.body)}")
        if close:
            lines.append("Connection: close")
        head = "\r\n".join(lines).encode("latin-1", "replace")
        return head + b"\r\n\r\n" + (self.body if with_body else b"")


Handler = Callable[[Request], Answer]


class Server:
    """Serves `handle` on a listening socket until `close`."""

    def __init__(self, loop: Loop, sock: socket.socket, handle: Handler) -> None:
        self._loop = loop
        self._handle = handle
        self._talks: set[_Talk] = set()
        self._acceptor = Acceptor(loop, sock, self._accepted, first=True)

    def close(self) -> None:
        self._acceptor.close()
        for talk in list(self._talks):
            talk.close()

    def _accepted(self, sock: socket.socket, address: object) -> None:
        self._talks.add(_Talk(self._loop, sock, self._handle, self._talks.discard))


class _BadRequest(Exception):
    """What came is no request: the answer's status and text."""


class _Talk:
    """One client's connection: requests one after another."""

    def __init__(
        self, loop: Loop, sock: socket.socket, handle: Handler, gone: Callable[[_Talk], object]
    ) -> None:
        self._loop = loop
        self._sock = sock
        self._handle = handle
        self._gone = gone
        self._in = bytearray()
        self._out = bytearray()
        self._last = False
        self._told_to_go_on = False
        self._timer: Timer | None = None
        loop.register(sock.fileno(), IN, self._ready)
        self._wait()

    def close(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._loop.unregister(self._sock.fileno())
        self._sock.close()
        self._gone(self)

    def _wait(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._loop.now() + _PATIENCE_NS, self.close)

    def _ready(self, events: int) -> None:
        try:
            if events & (IN | ERROR) and not self._receive():
                self.close()
                return
            self._serve()
            self._send()
        except OSError:
            self.close()

    def _receive(self) -> bool:
        try:
            data = self._sock.recv(65_536)
        except BlockingIOError:
            return True
        self._in += data
        self._wait()
        return bool(data)

    def _serve(self) -> None:
        """Answer every request that is here as a whole."""
        while not self._last:
            try:
                request = self._next()
            except _BadRequest as error:
                self._last = True
                status, text = error.args
                self._out += Answer(status, text.encode() + b"\n", "text/plain; charset=utf-8").to_bytes(
                    close=True, with_body=True
                )
                return
            if request is None:
                return
            self._last = request.headers.get("connection", "").lower() == "close"
            answer = self._handle(request)
            self._out += answer.to_bytes(close=self._last, with_body=request.method != "HEAD")

    def _send(self) -> None:
        if self._out:
            try:
                del self._out[: self._sock.send(self._out)]
            except BlockingIOError:
                pass
        if self._out:
            self._loop.modify(self._sock.fileno(), OUT)
        elif self._last:
            self.close()
        else:
            self._loop.modify(self._sock.fileno(), IN)

    def _next(self) -> Request | None:
        """Take the next request from what has come; None while it is not all here."""
        end = self._in.find(b"\r\n\r\n")
        if end < 0:
            if len(self._in) > _LARGEST_HEAD:
                raise _BadRequest(431, "the head of the request is too large")
            return None
        method, path, headers = _head(bytes(self._in[:end]))
        body, used = self._body(headers, end + 4)
        if body is None:
            self._go_on(headers)
            return None
        del self._in[:used]
        self._told_to_go_on = False
        return Request(method, path, headers, body)

    def _body(self, headers: Mapping[str, str], start: int) -> tuple[bytes | None, int]:
        """The body and where it ends; None while it is not all here."""
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return _chunks(self._in, start)
        size = headers.get("content-length", "0")
        if not (size.isascii() and size.isdigit()):
            raise _BadRequest(400, "Content-Length is no number")
        if int(size) > _LARGEST_BODY:
            raise _BadRequest(413, "the body is too large")
        end = start + int(size)
        return (bytes(self._in[start:end]), end) if len(self._in) >= end else (None, 0)

    def _go_on(self, headers: Mapping[str, str]) -> None:
        if headers.get("expect", "").lower() == "100-continue" and not self._told_to_go_on:
            self._told_to_go_on = True
            self._out += b"HTTP/1.1 100 Continue\r\n\r\n"


def _head(raw: bytes) -> tuple[str, str, dict[str, str]]:
    first, *lines = raw.decode("latin-1").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise _BadRequest(400, "the first line is none of a request")
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise _BadRequest(400, "a header has no colon")
        headers[name.strip().lower()] = value.strip()
    if words[2] == "HTTP/1.0":
        headers.setdefault("connection", "close")
    return words[0], words[1].partition("?")[0], headers


def _chunks(raw: bytearray, start: int) -> tuple[bytes | None, int]:
    """A body in chunks and where it ends; None while it is not all here."""
    body = bytearray()
    while (line_end := raw.find(b"\r\n", start)) >= 0:
        digits = bytes(raw[start:line_end]).partition(b";")[0].strip()
        if not digits or digits.strip(b"0123456789abcdefABCDEF"):
            raise _BadRequest(400, "the length of a chunk is no number")
        size = int(digits, 16)
        if len(body) + size > _LARGEST_BODY:
            raise _BadRequest(413, "the body is too large")
        start = line_end + 2
        if size == 0:
            end = raw.find(b"\r\n", start)  # trailers are not used by any client of this API
            return (bytes(body), end + 2) if end >= 0 else (None, 0)
        if len(raw) < start + size + 2:
            break
        body += raw[start : start + size]
        start += size + 2
    return None, 0

"""What stands before the registry: it hands every request on, and says in the registry's form when nobody answers.

Registry and token server so have one address, as with Harbor or GitLab: a client that knows the registry knows
where its tokens are, inside the platform and on the host alike.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse
from http.server import BaseHTTPRequestHandler
from io import BufferedIOBase
from typing import ClassVar

from blackstart.replica.programs.httpclient import why

__all__ = ["Front"]

PATIENCE_S = 30.0
"""How long the registry may take: longer than any client of the platform waits."""

_PIECE = 65_536

_OF_ONE_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade"}
"""Header fields that say something of a connection and not of the message (RFC 9110, 7.6.1)."""


class Front(BaseHTTPRequestHandler):
    """Hands a request on to `upstream`. Who derives from it answers some paths itself."""

    protocol_version = "HTTP/1.1"
    timeout = PATIENCE_S
    upstream: ClassVar[tuple[str, int]] = ("127.0.0.1", 5000)

    def forward(self) -> None:
        """Ask the registry the same question and give back its answer; 502 when there is none."""
        connection = HTTPConnection(*self.upstream, timeout=PATIENCE_S)
        try:
            try:
                answer = self._ask(connection)
            except (OSError, HTTPException) as error:
                self.refuse(502, "UNAVAILABLE", f"the registry does not answer: {why(error)}")
                return
            self._give_back(answer)
        except (OSError, HTTPException):
            self.close_connection = True  # in the middle of an answer: nothing can be said any more
        finally:
            connection.close()

    def refuse(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        """An error in the form of the OCI distribution specification. What was still being sent is not read."""
        self.close_connection = True
        self.answer(status, {"errors": [{"code": code, "message": message}]}, headers)

    def answer(self, status: int, document: object, headers: Mapping[str, str] | None = None) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        told = {"Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})}
        for name, value in told.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _ask(self, connection: HTTPConnection) -> HTTPResponse:
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in _OF_ONE_CONNECTION:
                connection.putheader(name, value)
        connection.putheader("X-Forwarded-Proto", "http")  # where the registry sends clients for tokens
        chunked = self.headers.get("Transfer-Encoding", "").lower() == "chunked"
        if chunked:
            connection.putheader("Transfer-Encoding", "chunked")
        body = _chunks(self.rfile) if chunked else self._body()
        connection.endheaders(body, encode_chunked=chunked)
        return connection.getresponse()

    def _body(self) -> Iterator[bytes]:
        return _pieces(self.rfile, int(self.headers.get("Content-Length") or 0))

    def _give_back(self, answer: HTTPResponse) -> None:
        self.close_connection = self.close_connection or answer.length is None
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in {*_OF_ONE_CONNECTION, "date", "server"}:
                self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            while piece := answer.read(_PIECE):
                self.wfile.write(piece)
            if answer.length:  # less came than was promised: whoever asked must not wait for the rest
                self.close_connection = True

    def log_message(self, *_: object) -> None:
        """The registry has its own log."""


def _pieces(stream: BufferedIOBase, length: int) -> Iterator[bytes]:
    while length:
        piece = stream.read(min(length, _PIECE))
        if not piece:
            raise ConnectionResetError("whoever asked has gone")
        length -= len(piece)
        yield piece


def _chunks(stream: BufferedIOBase) -> Iterator[bytes]:
    """The pieces of a chunked body (RFC 9112, 7.1)."""
    while length := _length_of_chunk(stream):
        yield from _pieces(stream, length)
        stream.readline(8)
    while stream.readline(_PIECE).strip():
        pass  # trailer fields


def _length_of_chunk(stream: BufferedIOBase) -> int:
    try:
        return int(stream.readline(256).split(b";")[0], 16)
    except ValueError as error:
        raise HTTPException("a chunk without its length") from error

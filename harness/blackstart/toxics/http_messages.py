"""Where HTTP/1.1 messages begin and end (RFC 9112), without touching a byte of them. Pure; no socket, no clock."""

from __future__ import annotations

import re
from typing import Final, Protocol

__all__ = [
    "LONGEST_HEAD",
    "Body",
    "Chunked",
    "Counted",
    "Head",
    "NotHttp",
    "Response",
    "UntilClose",
    "begins_request",
    "head_length",
    "may_begin_request",
    "request_body",
    "request_head",
]

LONGEST_HEAD: Final = 65_536
"""Bytes of a request line or status line with its fields; what is longer is not taken for HTTP."""

_LONGEST_LINE: Final = 8_192
"""Of a chunk's size line, or a line of its trailer."""

_REQUEST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+) HTTP/1\.([01])\r?\n")
_PART_OF_REQUEST_LINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+(?: (?:\S+(?: [HTP/.01]{0,8}\r?)?)?)?")
_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([0-9]{3})(?: [^\r\n]*)?\r?\n")
_END_OF_HEAD = re.compile(rb"\n\r?\n")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r?\n")

_NO_BODY: Final = frozenset({204, 304})


class NotHttp(Exception):
    """The bytes are not what HTTP/1.1 allows here: nobody knows any more where a message begins."""


class Body(Protocol):
    """Reads over a body. `done` once it is over."""

    done: bool

    def take(self, data: bytes) -> int:
        """How many of these bytes belong to the body. NotHttp when they cannot."""


class Counted:
    """A body of known length, also of none."""

    def __init__(self, length: int) -> None:
        self._left = length
        self.done = not length

    def take(self, data: bytes) -> int:
        size = min(self._left, len(data))
        self._left -= size
        self.done = not self._left
        return size


class UntilClose:
    """A body that ends with the connection."""

    done = False

    def take(self, data: bytes) -> int:
        return len(data)


class Chunked:
    """A body in chunks: sizes, bytes, and perhaps trailer fields after the last (RFC 9112, 7.1)."""

    def __init__(self) -> None:
        self.done = False
        self._line = b""  # the part of a line that has come
        self._left = 0  # bytes of this chunk
        self._read = self._size

    def take(self, data: bytes) -> int:
        at = 0
        while at < len(data) and not self.done:
            at = self._bytes(data, at) if self._left else self._until_line_end(data, at)
        return at

    def _bytes(self, data: bytes, at: int) -> int:
        size = min(self._left, len(data) - at)
        self._left -= size
        return at + size

    def _until_line_end(self, data: bytes, at: int) -> int:
        end = data.find(b"\n", at) + 1
        self._line += data[at : end or len(data)]
        if len(self._line) > _LONGEST_LINE:
            raise NotHttp("a chunk's line is too long")
        if not end:
            return len(data)
        line, self._line = self._line, b""
        self._read(line)
        return end

    def _size(self, line: bytes) -> None:
        found = _CHUNK_SIZE.fullmatch(line)
        if not found:
            raise NotHttp("a chunk has no size")
        self._left = int(found[1], 16)
        self._read = self._after_bytes if self._left else self._trailer

    def _after_bytes(self, line: bytes) -> None:
        if line.rstrip(b"\r\n"):
            raise NotHttp("a chunk is longer than its size")
        self._read = self._size

    def _trailer(self, line: bytes) -> None:
        self.done = not line.rstrip(b"\r\n")


class Head:
    """What a request says before its body."""

    __slots__ = ("fields", "method", "minor", "target")

    def __init__(self, method: str, target: str, minor: int, fields: dict[str, str]) -> None:
        self.method = method
        self.target = target
        self.minor = minor
        self.fields = fields

    @property
    def path(self) -> str:
        """The path alone, also of `http://host/path?query`."""
        rest = self.target
        if "://" in rest.partition("?")[0]:
            _, slash, after = rest.partition("://")[2].partition("/")
            rest = slash + after
        return rest.partition("?")[0].partition("#")[0] or "/"

    @property
    def closes(self) -> bool:
        """Whether the client wants the connection closed after the answer."""
        options = tokens(self.fields.get("connection", ""))
        return "close" in options or (self.minor == 0 and "keep-alive" not in options)

    @property
    def waits(self) -> bool:
        """Whether the client sends its body only when asked to go on."""
        return "100-continue" in self.fields.get("expect", "").lower()


def tokens(value: str) -> set[str]:
    """The words of a list field, as `Connection: keep-alive, Upgrade`."""
    return {word.strip().lower() for word in value.split(",")}


def begins_request(data: bytes | bytearray) -> bool:
    """Whether these bytes begin with a whole request line."""
    return _REQUEST_LINE.match(data) is not None


def may_begin_request(data: bytes | bytearray) -> bool:
    """Whether these bytes are, or could still become, the beginning of a request."""
    return begins_request(data) or _PART_OF_REQUEST_LINE.fullmatch(data) is not None


def head_length(data: bytes | bytearray) -> int:
    """How long the head at the beginning is, its empty line included; 0 while it is not whole."""
    found = _END_OF_HEAD.search(data)
    if found:
        return found.end()
    if len(data) > LONGEST_HEAD:
        raise NotHttp("a head is too long")
    return 0


def request_head(data: bytes) -> Head:
    """A whole head, read. NotHttp for another thing."""
    line = _REQUEST_LINE.match(data)
    if not line:
        raise NotHttp("no request line")
    method, target, minor = line[1].decode("ascii"), line[2].decode("latin-1"), int(line[3])
    return Head(method, target, minor, _fields(data[line.end() :]))


def request_body(head: Head) -> Body:
    """What reads over the body of a request."""
    return _framed(head.fields) or Counted(0)


class Response:
    """Watches a server's bytes until the answer to one request is over.

    `done`: the next answer belongs to the next request. `tunnel`: what follows is no HTTP/1.1 any more.
    """

    def __init__(self, request: Head) -> None:
        self._request = request
        self._head = bytearray()
        self._body: Body | None = None
        self.done = False
        self.tunnel = False

    def watch(self, data: bytes) -> None:
        """The next bytes of the server, also those after the end: they are nobody's. NotHttp for no answer at all."""
        while data and not (self.done or self.tunnel):
            data = data[self._take(data) :]

    def _take(self, data: bytes) -> int:
        if self._body is not None:
            size = self._body.take(data)
            self.done = self._body.done
            return size
        before = len(self._head)
        self._head += data
        length = head_length(self._head)
        if not length:
            return len(data)
        head, self._head = bytes(self._head[:length]), bytearray()
        self._begin(head)
        return length - before

    def _begin(self, head: bytes) -> None:
        line = _STATUS_LINE.match(head)
        if not line:
            raise NotHttp("no status line")
        status = int(line[2])
        if status == 101 or (self._request.method == "CONNECT" and 200 <= status < 300):
            self.tunnel = True
        elif status >= 200:
            self._body = self._body_of(status, _fields(head[line.end() :]))
            self.done = self._body.done

    def _body_of(self, status: int, fields: dict[str, str]) -> Body:
        if self._request.method == "HEAD" or status in _NO_BODY:
            return Counted(0)
        return _framed(fields) or UntilClose()


def _fields(data: bytes) -> dict[str, str]:
    """Fields by name in small letters; a repeated one is a list, joined by commas (RFC 9110, 5.3)."""
    found: dict[str, str] = {}
    for line in data.split(b"\n"):
        name, colon, value = line.decode("latin-1").rstrip("\r").partition(":")
        if not name and not colon:
            continue
        if not colon or not name or name != name.strip():
            raise NotHttp("a field has no name")
        name, value = name.lower(), value.strip()
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def _framed(fields: dict[str, str]) -> Body | None:
    """The body that the fields announce; None where they announce none."""
    coding = fields.get("transfer-encoding")
    if coding is not None:
        return Chunked() if coding.rpartition(",")[2].strip().lower() == "chunked" else UntilClose()
    length = fields.get("content-length")
    if length is None:
        return None
    first, *others = {one.strip() for one in length.split(",")}
    if others or not (first.isascii() and first.isdigit() and len(first) <= 18):
        raise NotHttp("a length that is none")
    return Counted(int(first))

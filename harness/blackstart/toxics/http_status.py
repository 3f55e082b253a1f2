"""http_status: answer requests with a status instead of the server, or let them go on later.

`toxicity` is the share of requests, rolled for each; `clients` are those it acts on, as everywhere.
"""

from __future__ import annotations

import re
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from blackstart.toxics.model import DAY_MS, Attribute, Attributes, ToxicType

if TYPE_CHECKING:
    from blackstart.toxics.http_messages import Head

__all__ = ["TYPE", "answer", "matches"]

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")
_OURS: Final = frozenset({"connection", "content-length", "transfer-encoding"})
"""Fields that say where an answer ends: wrong ones would break the next answer too."""


@lru_cache(maxsize=256)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)


def matches(attributes: Attributes, head: Head) -> bool:
    """Whether a request is one that the toxic is for."""
    method, path = attributes["method"], attributes["path"]
    if method and method.upper() != head.method:
        return False
    return not path or _pattern(path).fullmatch(unquote(head.path)) is not None


def answer(attributes: Attributes, head: Head, *, close: bool) -> bytes:
    """The answer to a request, whole. Without a body where HTTP allows none."""
    status = attributes["status"]
    body = attributes["body"].encode()
    fields = dict(attributes["headers"])
    if body and "content-type" not in {name.lower() for name in fields}:
        fields["Content-Type"] = "text/plain; charset=utf-8"
    bare = status in (204, 304)
    if not bare:
        fields["Content-Length"] = str(len(body))
    if close:
        fields["Connection"] = "close"
    elif head.minor == 0:
        fields["Connection"] = "keep-alive"
    lines = [f"HTTP/1.1 {status} {_reason(status)}", *(f"{name}: {value}" for name, value in fields.items())]
    text = "\r\n".join([*lines, "", ""]).encode("latin-1")
    return text if bare or head.method == "HEAD" else text + body


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""  # a number of one's own has no name


def _check(attributes: Attributes) -> str:
    method, path = attributes["method"], attributes["path"]
    if method and not _TOKEN.fullmatch(method):
        return f"method must be one word, as PUT, or empty for any, not {method!r}"
    try:
        _pattern(path)
    except (re.error, RecursionError, OverflowError) as error:
        return f"path must be a regular expression, and {path!r} is none: {error}"
    if _endless(path):
        return f"path {path!r} repeats a group that itself repeats or chooses: a long path would stall every connection"
    if attributes["status"] in (204, 304) and attributes["body"]:
        return f"an answer with status {attributes['status']} has no body: leave body empty"
    try:
        attributes["body"].encode()
    except UnicodeEncodeError:
        return "body has a letter that cannot be written as UTF-8"
    return _check_headers(attributes["headers"])


_PIECE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\??|\)|[*+?|]|\{\d*,?\d*\}|.", re.DOTALL)


def _endless(path: str) -> bool:
    """Whether the expression has a repeated group with a repetition or a choice inside: what may take for ever."""
    groups, closed = [False], False
    for piece in _PIECE.findall(path):
        repeats = piece in ("*", "+") or piece.startswith("{")
        if repeats and closed:
            return True
        closed = False
        if piece.startswith("("):
            groups.append(False)
        elif piece == ")":
            closed = groups.pop()
            groups[-1] |= closed
        elif repeats or piece == "|":
            groups[-1] = True
    return False


def _check_headers(headers: dict[str, str]) -> str:
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name):
            return f"headers: {name!r} is no name of a field"
        if name.lower() in _OURS:
            return f"headers: {name} is set by the proxy, from body and connection: leave it out"
        if not _VALUE.fullmatch(value):
            return f"headers: the value of {name} has a letter that no field may have: {value!r}"
    return ""


TYPE: Final = ToxicType(
    "http_status",
    (
        Attribute("status", int, 503, 200, 599),
        Attribute("headers", dict, {}),
        Attribute("body", str, ""),
        Attribute("method", str, ""),
        Attribute("path", str, ""),
        Attribute("every", int, 1, 1, 1_000_000, "requests"),
        Attribute("delay", int, 0, 0, DAY_MS, "ms"),
        Attribute("forward", bool, False),
    ),
    protocols=frozenset({"http"}),
    streams=("downstream",),
    check=_check,
)

"""Toxiproxy's HTTP API: its paths, statuses, texts and content types."""

from __future__ import annotations

import json
import os
import traceback
from collections.abc import Callable
from itertools import count
from typing import Any, Final
from urllib.parse import unquote

from blackstart import __version__
from blackstart.toxics import metrics
from blackstart.toxics.collection import Collection, PopulateFailed
from blackstart.toxics.errors import ProxyRefused, bad_request
from blackstart.toxics.web import Answer, Request

__all__ = ["VERSION", "Api"]

VERSION: Final = f"2.12.0+blackstart.{__version__}"
"""The Toxiproxy whose API this is, for clients that look, and who really speaks."""

_JSON: Final = "application/json"
_PLAIN: Final = "text/plain; charset=utf-8"

Handle = Callable[..., Answer]
"""Called with the request's body as JSON where the method has one, and the names in the path."""


class Api:
    """Answers requests from a collection. A pure mapping: what it does is the collection's."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._prefix = os.urandom(6).hex()
        self._numbers = count(1)
        self._routes: tuple[tuple[tuple[str, ...], dict[str, Handle]], ...] = (
            (("proxies",), {"GET": self._index, "POST": self._create}),
            (("populate",), {"POST": self._populate}),
            (("reset",), {"POST": self._reset}),
            (("version",), {"GET": self._version}),
            (("metrics",), {"GET": self._metrics}),
            (
                ("proxies", "*"),
                {"GET": self._show, "POST": self._update, "PATCH": self._update, "DELETE": self._delete},
            ),
            (("proxies", "*", "toxics"), {"GET": self._toxics, "POST": self._add_toxic}),
            (
                ("proxies", "*", "toxics", "*"),
                {
                    "GET": self._toxic,
                    "POST": self._change_toxic,
                    "PATCH": self._change_toxic,
                    "DELETE": self._remove_toxic,
                },
            ),
        )

    def __call__(self, request: Request) -> Answer:
        answer = self._answer(request)
        headers = {"X-Toxiproxy-Request-Id": f"{self._prefix}{next(self._numbers):08x}", **answer.headers}
        return Answer(answer.status, answer.body, answer.content_type, headers)

    def _answer(self, request: Request) -> Answer:
        if request.headers.get("user-agent", "").startswith("Mozilla/"):
            return _plain(403, "User agent not allowed")
        parts = tuple(unquote(part) for part in request.path.removeprefix("/").split("/"))
        for pattern, methods in self._routes:
            if _fits(pattern, parts):
                return self._route(request, methods, parts[1::2] if len(parts) > 1 else ())
        return _plain(404, "404 page not found")

    def _route(self, request: Request, methods: dict[str, Handle], names: tuple[str, ...]) -> Answer:
        handle = methods.get(request.method)
        if handle is None:
            return Answer(405)
        try:
            if request.method in ("POST", "PATCH"):
                return handle(request.body, *names)
            return handle(*names)
        except ProxyRefused as refused:
            body = {"error": refused.message, "status": refused.status}
            return _plain(refused.status, json.dumps(body), no_sniff=True)
        except Exception:  # a defect of ours must not leave the client without an answer
            traceback.print_exc()
            body = {"error": "internal error; the proxy's output has the details", "status": 500}
            return _plain(500, json.dumps(body), no_sniff=True)

    def _index(self) -> Answer:
        return _json(200, {proxy.name: proxy.to_json() for proxy in self._collection.all()})

    def _create(self, body: bytes) -> Answer:
        return _json(201, self._collection.create(_read(body)).to_json())

    def _populate(self, body: bytes) -> Answer:
        """Its errors are JSON, and say which proxies were made nevertheless."""
        try:
            made = self._collection.populate(_read(body))
        except PopulateFailed as failed:
            return _populated(failed.made, failed.refused)
        except ProxyRefused as refused:
            return _populated([], refused)
        return _json(201, {"proxies": [proxy.to_json() for proxy in made]})

    def _reset(self, body: bytes) -> Answer:
        self._collection.reset()
        return Answer(204)

    def _version(self) -> Answer:
        return Answer(200, f'{{"version": "{VERSION}"}}\n'.encode(), "application/json;charset=utf-8")

    def _metrics(self) -> Answer:
        return Answer(200, metrics.render(self._collection.all()).encode(), metrics.CONTENT_TYPE)

    def _show(self, name: str) -> Answer:
        return _json(200, self._collection.get(name).to_json())

    def _update(self, body: bytes, name: str) -> Answer:
        self._collection.get(name)  # an unknown proxy is told before a bad body
        return _json(200, self._collection.update(name, _read(body)).to_json())

    def _delete(self, name: str) -> Answer:
        self._collection.remove(name)
        return Answer(204)

    def _toxics(self, proxy: str) -> Answer:
        return _json(200, [toxic.to_json() for toxic in self._collection.get(proxy).listed()])

    def _add_toxic(self, body: bytes, proxy: str) -> Answer:
        self._collection.get(proxy)
        return _json(200, self._collection.add_toxic(proxy, _read(body)).to_json())

    def _toxic(self, proxy: str, name: str) -> Answer:
        return _json(200, self._collection.toxic(proxy, name).to_json())

    def _change_toxic(self, body: bytes, proxy: str, name: str) -> Answer:
        self._collection.toxic(proxy, name)
        return _json(200, self._collection.change_toxic(proxy, name, _read(body)).to_json())

    def _remove_toxic(self, proxy: str, name: str) -> Answer:
        self._collection.remove_toxic(proxy, name)
        return Answer(204)


def _fits(pattern: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    """`*` is any name, but not none."""
    return len(pattern) == len(parts) and all(
        part == want or (want == "*" and part != "") for want, part in zip(pattern, parts, strict=True)
    )


def _read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:  # a UnicodeDecodeError is a ValueError
        raise bad_request(f"{error}" if body.strip() else "it is empty") from error


def _json(status: int, value: Any) -> Answer:
    return Answer(status, json.dumps(value, separators=(",", ":")).encode(), _JSON)


def _plain(status: int, text: str, *, no_sniff: bool = False) -> Answer:
    headers = {"X-Content-Type-Options": "nosniff"} if no_sniff else {}
    return Answer(status, text.encode() + b"\n", _PLAIN, headers)


def _populated(made: list[Any], refused: ProxyRefused) -> Answer:
    shown = [proxy.to_json() for proxy in made]
    return _json(refused.status, {"error": refused.message, "status": refused.status, "proxies": shown})

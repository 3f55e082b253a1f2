"""One call of a fault proxy's API with the package toxiproxy-python.

Imported at the first call and not before: with `requests` behind it, it costs a command 0.1 s. Of the package its
`APIConsumer` is used and its errors. Its `Toxiproxy` and `Proxy` always ask the one server that the class APIConsumer
names for the whole process; here each server has a class of its own.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import requests
from toxiproxy.api import APIConsumer
from toxiproxy.exceptions import InvalidToxic, NotFound, ProxyExists

__all__ = ["exchange"]

_RAISED: Final = {InvalidToxic: 400, NotFound: 404, ProxyExists: 409}
"""What the package raises for a status, with the body as its only argument. Other statuses it passes over."""

_UNTOLD: Final = {"proxies": {"http": ""}, "auth": lambda request: request}
"""The user's HTTP_PROXY and .netrc are not for a drill's own server."""


def exchange(
    address: tuple[str, int], timeout: float, method: str, path: str, asked: Any
) -> tuple[int, bytes]:
    """Status and body. OSError when nobody answers within `timeout` seconds, as the standard library raises it.

    Each call has a connection of its own, closed at its end: nobody has to close a client, and any thread may call.
    """
    body = {} if asked is None else {"json": asked}
    ask = getattr(_consumer(*address), method.lower())
    try:
        answer = ask(path, timeout=timeout, **body, **_UNTOLD)
    except tuple(_RAISED) as refused:
        return _RAISED[type(refused)], refused.args[0]
    except requests.RequestException as error:
        raise _plain(error) from None
    return answer.status_code, answer.content


@cache
def _consumer(host: str, port: int) -> Any:
    shown = f"[{host}]" if ":" in host else host
    return type("APIConsumer", (APIConsumer,), {"host": shown, "port": port})


def _plain(error: requests.RequestException) -> OSError:
    """What was wrong with the connection, from under what three libraries have wrapped around it."""
    if isinstance(error, requests.Timeout):
        return TimeoutError("timed out")
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, OSError) and not isinstance(inner, requests.RequestException):
            return type(inner)(*inner.args)
        inner = getattr(inner, "reason", None) or inner.__cause__ or inner.__context__
    return OSError(str(error))

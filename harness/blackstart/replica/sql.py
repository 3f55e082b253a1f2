"""One query of a PostgreSQL server, bounded as a whole: login, query and answer.

It drives libpq without blocking. psycopg's own calls wait without a limit for an answer that a broken network keeps.
"""

from __future__ import annotations

import selectors
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING

from blackstart.clock import SystemTime
from blackstart.errors import MissingTool
from blackstart.replica.asking import Refused

if TYPE_CHECKING:
    from psycopg.pq.abc import PGconn, PGresult

    from blackstart.replica.layout import Address

__all__ = ["ask", "demand_driver"]

_READ, _WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


def demand_driver() -> None:
    """MissingTool when psycopg is not there."""
    if find_spec("psycopg") is None:
        raise MissingTool(
            "a check of the kind sql needs the package psycopg, which is not installed",
            hint="pip install 'blackstart[sql]'",
        )


def ask(address: Address, login: Mapping[str, str], query: str, limit_s: float) -> str:
    """The first value of the first row as text; empty when there is no row, or it is NULL.

    Refused, with the server's own words, when it refuses; TimeoutError when the whole takes longer.
    """
    from psycopg import pq

    host, port = address
    settings = {"host": host, "port": str(port), "gssencmode": "disable", "passfile": "/dev/null"}
    deadline = _Deadline(limit_s)
    connection = pq.PGconn.connect_start(_conninfo({**settings, **login}))
    try:
        _log_in(connection, deadline)
        return _first_value(_answer(connection, query, deadline))
    finally:
        connection.finish()


class _Deadline:
    """Bounds everything together. A name that is slow to resolve is not bounded; addresses here are numbers."""

    def __init__(self, limit_s: float) -> None:
        self._time = SystemTime()
        self._began = self._time.now()
        self._limit_s = limit_s

    def wait(self, connection: PGconn, events: int) -> None:
        left = self._limit_s - self._time.now().seconds_since(self._began)
        with selectors.DefaultSelector() as selector:
            selector.register(connection.socket, events)
            if left <= 0 or not selector.select(left):
                raise TimeoutError


def _log_in(connection: PGconn, deadline: _Deadline) -> None:
    from psycopg.pq import ConnStatus, PollingStatus

    if connection.status == ConnStatus.BAD:
        raise Refused(_said(connection.error_message))
    while (state := connection.connect_poll()) != PollingStatus.OK:
        if state == PollingStatus.FAILED:
            raise Refused(_said(connection.error_message))
        deadline.wait(connection, _READ if state == PollingStatus.READING else _WRITE)


def _answer(connection: PGconn, query: str, deadline: _Deadline) -> PGresult:
    """The query's last result."""
    from psycopg import OperationalError

    connection.nonblocking = 1
    try:
        connection.send_query(query.encode())
        while connection.flush():
            deadline.wait(connection, _WRITE)
        last = None
        while (result := _next(connection, deadline)) is not None:
            last = result
    except OperationalError as error:
        raise Refused(_said(str(error).encode())) from error
    if last is None:
        raise Refused("no answer to the query")
    return last


def _next(connection: PGconn, deadline: _Deadline) -> PGresult | None:
    while connection.is_busy():
        deadline.wait(connection, _READ)
        connection.consume_input()
    return connection.get_result()


def _first_value(result: PGresult) -> str:
    from psycopg.pq import ExecStatus

    if result.status not in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK, ExecStatus.EMPTY_QUERY):
        raise Refused(_said(result.error_message))
    value = result.get_value(0, 0) if result.ntuples and result.nfields else None
    return (value or b"").decode("utf-8", "replace")


def _conninfo(settings: Mapping[str, str]) -> bytes:
    quoted = {key: value.replace("\\", r"\\").replace("'", r"\'") for key, value in settings.items()}
    return " ".join(f"{key}='{value}'" for key, value in quoted.items()).encode()


def _said(message: bytes) -> str:
    """What it complains of, without where it was connected to: that is different each time."""
    line = message.decode("utf-8", "replace").strip().partition("\n")[0]
    complaint = line.partition(" failed: ")[2] if line.startswith("connection to server") else line
    words = " ".join(complaint.split())[:200].replace("Connection refused", "connection refused")
    return words or "the connection failed"

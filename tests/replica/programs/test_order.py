from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest

from blackstart.replica.programs.order import order


def answering(said: Callable[[socket.socket], None]) -> tuple[tuple[str, int], list[Any], threading.Thread]:
    """A supervisor of one order; what it was asked ends up in the list."""
    server, asked = socket.create_server(("127.0.0.1", 0)), []

    def serve() -> None:
        connection, _ = server.accept()
        with server, connection, connection.makefile("rb") as lines:
            asked.append(json.loads(lines.readline()))
            said(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    return server.getsockname(), asked, thread


def test_lines_come_one_by_one_until_done() -> None:
    def said(connection: socket.socket) -> None:
        connection.sendall(b'{"step": "a", "ok"')
        connection.sendall(b': true}\n{"done": true, "ok": true}\n{"more": 1}\n')

    address, asked, thread = answering(said)
    lines = list(order(address, "secret", "deploy", timeout_s=30))
    thread.join()
    assert lines == [{"step": "a", "ok": True}, {"done": True, "ok": True}]
    assert asked == [{"token": "secret", "do": "deploy"}]


def test_one_that_goes_away_is_the_end() -> None:
    address, _, thread = answering(lambda connection: connection.sendall(b'{"step": "a"}\n'))
    assert list(order(address, "", "deploy", timeout_s=30)) == [{"step": "a"}]
    thread.join()


def test_the_time_is_for_the_whole_of_it() -> None:
    heard = threading.Event()

    def said(connection: socket.socket) -> None:
        connection.sendall(b'{"a": 1}\n')
        heard.wait()

    address, _, thread = answering(said)
    with pytest.raises(TimeoutError):
        list(order(address, "", "deploy", timeout_s=0.05))
    heard.set()
    thread.join()

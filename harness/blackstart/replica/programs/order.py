"""Giving a workload's supervisor an order, and hearing how each step went."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Generator
from typing import Any

__all__ = ["order"]


def order(
    address: tuple[str, int], token: str, do: str, *, timeout_s: float, source: str = ""
) -> Generator[dict[str, Any], None, None]:
    """Yields each line of the answer; the last has `done`. OSError when the supervisor cannot be heard.

    `timeout_s` bounds the whole of it; `source` is the address to call from, if given.
    """
    deadline = time.monotonic() + timeout_s
    with socket.create_connection(address, timeout_s, (source, 0) if source else None) as connection:
        connection.sendall(json.dumps({"token": token, "do": do}).encode() + b"\n")
        buffer = b""
        while chunk := _receive(connection, deadline):
            *lines, buffer = (buffer + chunk).split(b"\n")
            for line in lines:
                said = json.loads(line)
                yield said
                if said.get("done"):
                    return


def _receive(connection: socket.socket, deadline: float) -> bytes:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    connection.settimeout(left)
    return connection.recv(65536)

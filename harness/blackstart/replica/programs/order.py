"""Giving a workload's supervisor an order, and hearing how each step went."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

__all__ = ["order"]


def order(address: tuple[str, int], token: str, do: str, *, timeout_s: float) -> Iterator[dict[str, Any]]:
    """Yields each line of the answer; the last has `done`. OSError when the supervisor cannot be heard.

    `timeout_s` bounds each wait for a line.
    """
    with socket.create_connection(address, timeout=timeout_s) as connection:
        connection.sendall(json.dumps({"token": token, "do": do}).encode() + b"\n")
        with connection.makefile("rb") as lines:
            for line in lines:
                said = json.loads(line)
                yield said
                if said.get("done"):
                    return

"""What leads connections to the proxy: what Toxiproxy is told, and the rules. The kernel's part is in tests/integration."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from blackstart.replica.programs.redirect import proxies, rules, tell, way

WAYS = [("db", 5432, 21000)]


def test_a_way_is_written_so() -> None:
    assert way("db:5432:21000") == WAYS[0]


def test_the_rules_of_a_way() -> None:
    """New connections are handed over; whatever is on the port itself, and not from inside, was there before."""
    assert [" ".join(rule) for rule in rules(WAYS)] == [
        "-t nat PREROUTING -p tcp --dport 5432 -j REDIRECT --to-ports 21000",
        "-t filter INPUT ! -i lo -p tcp --dport 5432 -j REJECT --reject-with tcp-reset",
    ]


@pytest.mark.parametrize("status", [201, 400])
def test_toxiproxy_is_told_and_may_refuse(status: int) -> None:
    heard: list[Any] = []

    class Api(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            self.send_response(status)
            self.send_header("Content-Length", "3")
            self.end_headers()
            self.wfile.write(b"no!")

        def log_message(self, format: str, *args: Any) -> None:
            """Nobody reads it."""

    with HTTPServer(("127.0.0.1", 0), Api) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        if status == 201:
            tell(server.server_port, proxies(WAYS, "10.0.0.2"))
        else:
            with pytest.raises(SystemExit, match="Toxiproxy refuses: no!"):
                tell(server.server_port, proxies(WAYS, "10.0.0.2"))
        thread.join()
    upstream = {"name": "db", "listen": "0.0.0.0:21000", "upstream": "10.0.0.2:5432", "enabled": True}
    assert heard == [("/populate", [upstream])]

"""The shop: POST /orders puts an order into PostgreSQL, GET /orders counts them, GET /visits counts in Redis.

`api.py healthy` asks its own /healthz; `api.py reports` asks for the count now and then, as some other service would.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT = 8000


def ask_database(sql: str, *values: str) -> list[tuple[object, ...]]:
    import psycopg2  # type: ignore[import-untyped]  # of the image, not of our environment

    connection = psycopg2.connect(os.environ["DATABASE"], connect_timeout=5)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql, values)
            return list(cursor.fetchall())
    finally:
        connection.close()


def ask_cache(*words: str) -> str:
    """One command of Redis' protocol, and the first line of the answer."""
    host, _, port = os.environ["CACHE"].partition(":")
    whole = f"*{len(words)}\r\n" + "".join(f"${len(word)}\r\n{word}\r\n" for word in words)
    with socket.create_connection((host, int(port)), 5) as connection:
        connection.sendall(whole.encode())
        with connection.makefile() as answer:
            return answer.readline().strip().lstrip(":+$")


class Shop(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/healthz":
            self.say(200, {"ok": True})
        elif self.path == "/visits":
            self.tell(lambda: {"visits": int(ask_cache("INCR", "visits"))})
        elif self.path == "/orders":
            self.tell(lambda: {"orders": ask_database("select count(*) from orders")[0][0]})
        else:
            self.say(404, {"error": "there is no such page"})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        insert = "insert into orders (item) values (%s) returning id"
        self.tell(lambda: {"order": ask_database(insert, "a thing")[0][0]})

    def tell(self, ask) -> None:  # type: ignore[no-untyped-def]  # a callable that gives JSON
        try:
            self.say(200, ask())
        except Exception as error:
            self.say(503, {"error": str(error).strip()})

    def say(self, status: int, what: dict[str, object]) -> None:
        body = json.dumps(what).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def healthy() -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/healthz", timeout=3) as answer:
        return 0 if answer.status == 200 else 1


def reports() -> None:
    pause = threading.Event()
    while not pause.wait(5):
        try:
            with urllib.request.urlopen(f"http://api:{PORT}/orders", timeout=10) as answer:
                print(answer.read().decode(), flush=True)
        except OSError as error:
            print(f"no report: {error}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:] == ["healthy"]:
        sys.exit(healthy())
    if sys.argv[1:] == ["reports"]:
        reports()
    ThreadingHTTPServer(("", PORT), Shop).serve_forever()

"""One version of a service, in a process of its own that its supervisor forked: start, prove itself, serve."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import TCPServer, ThreadingMixIn
from threading import Thread
from typing import Any

from blackstart.replica.programs.startpath import Needs, Started, StepFailed, start

__all__ = ["Config", "Say", "Version"]

Say = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Config:
    """What a supervisor is told, from its JSON file."""

    needs: Needs
    port: int
    control: int
    token: str
    keep: bool
    deadline_s: float
    host: str = "127.0.0.1"
    """Where both ports are: loopback, unless whoever made the settings knows that a container is around it."""

    @classmethod
    def read(cls, path: Path) -> Config:
        document = json.loads(path.read_text("utf-8"))
        needs = document.pop("needs")
        needs["resolver"] = tuple(needs["resolver"])
        return cls(Needs(**needs), **document)


class Server(ThreadingMixIn, TCPServer):
    """Serves one listening socket, a thread a request; `server_close` waits for the answers under way."""

    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, listener: socket.socket, page: dict[str, Any]) -> None:
        super().__init__(("127.0.0.1", 0), Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.page = page

    def serve(self) -> None:
        Thread(target=self.serve_forever, args=(0.1,), daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    """`/healthz` and `/`; never the secret itself."""

    server: Server
    timeout = 2.0

    def do_GET(self) -> None:
        pages: dict[str, object] = {"/healthz": {"ok": True}, "/": self.server.page}
        page = pages.get(self.path)
        body = json.dumps(page if page is not None else {"errors": ["no such page"]}).encode()
        self.send_response(404 if page is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """A probe asks every second; that is no news."""


def run_version(config: Config, version: str, shared: socket.socket, go: int, tell: Say) -> None:
    """A version's whole life: start, prove itself, take over, serve until SIGTERM."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    got = Started()
    try:
        for step, found, ms in start(config.needs, got):
            tell({"step": step, "ok": True, "detail": found, "ms": round(ms, 1)})
    except StepFailed as failed:
        tell({"step": failed.step, "ok": False, "detail": failed.reason})
        return
    page = {
        "team": config.needs.team,
        "version": version,
        "holds_secret": bool(got.secret),
        "image": got.digest,
    }
    private = socket.create_server(("127.0.0.1", 0))
    own = Server(private, page)
    own.serve()
    tell({"ready": private.getsockname()[1]})
    if os.read(go, 1):
        _serve_shared(shared, page, tell)


def _serve_shared(shared: socket.socket, page: dict[str, Any], tell: Say) -> None:
    shared.listen(64)
    server = Server(shared, page)
    server.serve()
    tell({"serving": True})
    signal.sigwait({signal.SIGTERM})
    server.shutdown()
    server.server_close()


@dataclass(slots=True)
class Version:
    """A version as its supervisor sees it."""

    name: str
    pid: int
    said: int
    go: int

    @classmethod
    def fork(cls, config: Config, name: str, shared: socket.socket) -> Version:
        said, tell = os.pipe()
        wait, go = os.pipe()
        pid = os.fork()
        if pid == 0:
            _become_version(config, name, shared, wait, tell)
        os.close(tell)
        os.close(wait)
        return cls(name, pid, said, go)

    def lines(self, deadline: float) -> Iterator[dict[str, Any]]:
        """What it says, until it says no more. TimeoutError at the deadline."""
        buffer = b""
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.said], [], [], left)[0]:
                raise TimeoutError
            if not (chunk := os.read(self.said, 65536)):
                return
            *lines, buffer = (buffer + chunk).split(b"\n")
            yield from map(json.loads, lines)

    def end(self, number: int) -> None:
        os.kill(self.pid, number)

    def close(self) -> None:
        os.close(self.said)
        os.close(self.go)


def _become_version(config: Config, name: str, shared: socket.socket, go: int, tell: int) -> None:
    """The forked child's life; never returns."""
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        _let_go_of_all_but(shared.fileno(), go, tell)
        run_version(config, name, shared, go, lambda line: _write_line(tell, line))
    except BaseException as error:
        print(f"{name} died: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)


def _let_go_of_all_but(*mine: int) -> None:
    """Close what the supervisor holds: else a caller whom it has answered would wait for this process as well."""
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) not in mine:
            with suppress(OSError):
                os.close(int(name))


def _write_line(descriptor: int, line: dict[str, Any]) -> None:
    os.write(descriptor, json.dumps(line).encode() + b"\n")

"""One service of a team: a supervisor that keeps a version running, and puts a new one in its place when told.

    workload.py CONFIG.json           starts the service at once, and again whenever it dies
    workload.py --wait CONFIG.json    waits for the first order to deploy

The supervisor is loaded once and forks, so a deploy costs what its start-up path costs and not a Python start.
A new version runs the whole start-up path (startpath.py), proves itself on a port of its own, and only then
takes over the port that people call; the old one finishes what it is answering and goes. The canary's
supervisor is the same program with `keep: false`: its version is taken away again once it has answered.

Control is a line of JSON on a loopback port: {"token": ..., "do": "deploy"}; the answer is a line for each step.
"""

from __future__ import annotations

import hmac
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
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import TCPServer, ThreadingMixIn
from threading import Thread
from typing import Any

from blackstart.replica.programs.httpclient import request, why
from blackstart.replica.programs.startpath import Needs, Started, StepFailed, start

Say = Callable[[dict[str, Any]], None]

RETRY_S = 1.0
"""How long a supervisor waits before it tries again to start a version that died or could not start."""


@dataclass(frozen=True, slots=True)
class Config:
    """What a supervisor is told, from its JSON file."""

    needs: Needs
    port: int
    control: int
    token: str
    keep: bool
    deadline_s: float

    @classmethod
    def read(cls, path: Path) -> Config:
        document = json.loads(path.read_text("utf-8"))
        needs = document.pop("needs")
        needs["resolver"] = tuple(needs["resolver"])
        return cls(Needs(**needs), **document)


# --- a version, in its own process --------------------------------------------------------------


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


# --- the supervisor -----------------------------------------------------------------------------


class Supervisor:
    """Keeps one version serving. One thread; children are forked from it."""

    def __init__(self, config: Config, *, wait: bool) -> None:
        self._config = config
        self._count = 0
        self._running: Version | None = None
        self._shared = self._bind()
        self._control = socket.create_server(("127.0.0.1", config.control), backlog=16)
        self._retry_at = None if wait or not config.keep else time.monotonic()
        self._wakeup, waker = socket.socketpair()
        waker.setblocking(False)
        self._waker = waker
        signal.set_wakeup_fd(waker.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._stop)

    def _bind(self) -> socket.socket:
        """The port that people call: held from the start, refusing until a version listens."""
        shared = socket.socket()
        shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        shared.bind(("127.0.0.1", self._config.port))
        return shared

    def _stop(self, *_: object) -> None:
        if self._running:
            self._running.end(signal.SIGKILL)
        os._exit(0)

    def run(self) -> None:
        print(f"{self._config.needs.team}: control on 127.0.0.1:{self._config.control}", flush=True)
        while True:
            due = None if self._retry_at is None else max(0.0, self._retry_at - time.monotonic())
            readable, _, _ = select.select([self._control, self._wakeup], [], [], due)
            if self._wakeup in readable:
                self._wakeup.recv(4096)
                self._reap()
            if self._control in readable:
                self._serve_control()
            if self._retry_at is not None and time.monotonic() >= self._retry_at:
                self._retry_at = None
                self.deploy(self._log)

    def _reap(self) -> None:
        """Collect children that ended; a service that died frees its port and is started again."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if self._running and pid == self._running.pid:
                self._log({"step": "serve", "ok": False, "detail": f"{self._running.name} died ({status})"})
                self._forget()
                self._retry_at = time.monotonic() + RETRY_S

    def _forget(self) -> None:
        """No version runs: callers must be refused, not left waiting in a queue that nobody reads."""
        if self._running:
            self._running.close()
            self._running = None
        self._shared.close()
        self._shared = self._bind()

    def _log(self, line: dict[str, Any]) -> None:
        print(json.dumps(line), flush=True)

    # --- a deploy

    def deploy(self, say: Say) -> bool:
        """Bring up a new version in place of the running one, which stays when that fails."""
        self._count += 1
        version = Version.fork(self._config, f"v{self._count}", self._shared)
        try:
            ok = self._bring_up(version, say)
        except (OSError, HTTPException) as error:
            say({"step": "serve", "ok": False, "detail": why(error)})
            ok = False
        if ok:
            self._take_over(version)
        else:
            version.end(signal.SIGKILL)
            version.close()
            if self._config.keep and self._running is None:
                self._retry_at = time.monotonic() + RETRY_S
        say({"done": True, "ok": ok, "version": version.name})
        return ok

    def _bring_up(self, version: Version, say: Say) -> bool:
        deadline = time.monotonic() + self._config.deadline_s
        for line in version.lines(deadline):
            if "ready" in line:
                self._check_health(line["ready"])
                os.write(version.go, b"g")
            elif "serving" in line:
                page = self._check_page(version) if self._running is None else version.name
                say({"step": "serve", "ok": True, "detail": f"{page} is healthy and took over"})
                return True
            else:
                say(line)
                if not line["ok"]:
                    return False
        say({"step": "serve", "ok": False, "detail": f"{version.name} ended before it served"})
        return False

    def _check_health(self, port: int) -> None:
        answer = request(("127.0.0.1", port), "GET", "/healthz", timeout_s=1.0)
        if not answer.ok:
            raise OSError(answer.complaint())

    def _check_page(self, version: Version) -> str:
        """Ask on the port that people call; while an old version still listens there, either may answer."""
        page = request(("127.0.0.1", self._config.port), "GET", "/", timeout_s=1.0).json()
        if page.get("version") != version.name or not page.get("holds_secret"):
            raise OSError(f"the service answers {page}")
        return version.name

    def _take_over(self, version: Version) -> None:
        before, self._running = self._running, version
        self._retry_at = None
        if before:
            before.end(signal.SIGTERM)
            before.close()
        if not self._config.keep:
            version.end(signal.SIGKILL)
            os.waitpid(version.pid, 0)
            self._forget()

    # --- control

    def _serve_control(self) -> None:
        connection, _ = self._control.accept()
        with connection:
            connection.settimeout(1.0)
            try:
                order = json.loads(connection.makefile("rb").readline(65536))
                self._obey(order, lambda line: connection.sendall(json.dumps(line).encode() + b"\n"))
            except (OSError, ValueError, AttributeError):
                return  # whoever asked has gone, or never spoke our language

    def _obey(self, order: dict[str, Any], answer: Say) -> None:
        if not hmac.compare_digest(str(order.get("token")), self._config.token):
            answer({"done": True, "ok": False, "detail": "not allowed"})
        elif order.get("do") == "deploy":
            self.deploy(_tolerant(answer))
        else:
            version = self._running.name if self._running else None
            answer({"done": True, "ok": version is not None, "version": version})


def _tolerant(answer: Say) -> Say:
    """A deploy goes on when whoever ordered it stops listening."""

    def say(line: dict[str, Any]) -> None:
        with suppress(OSError):
            answer(line)

    return say


def main(argv: list[str]) -> None:
    *flags, path = argv
    Supervisor(Config.read(Path(path)), wait="--wait" in flags).run()


if __name__ == "__main__":
    main(sys.argv[1:])

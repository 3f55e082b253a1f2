"""One service of a team: a supervisor that keeps a version running, and puts a new one in its place when told.

    workload.py CONFIG.json           starts the service at once, and again whenever it dies
    workload.py CONFIG.json --wait    waits for the first order to deploy

The supervisor is loaded once and forks, so a deploy costs what its start-up path costs and not a Python start.
A new version runs the whole start-up path (startpath.py), proves itself on a port of its own, and only then
takes over the port that people call; the old one finishes what it is answering and goes. The canary's
supervisor is the same program with `keep: false`: its version is taken away again once it has answered.

Control is a line of JSON on a port of its own: {"token": ..., "do": "deploy"}; the answer is a line for each step.
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
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any

from blackstart.replica.programs.httpclient import request, why
from blackstart.replica.programs.version import Config, Say, Version

RETRY_S = 1.0
"""How long a supervisor waits before it tries again to start a version that died or could not start."""

_COUNT = Path("deploys")
"""How many versions there have been, in the service's own folder."""


class Supervisor:
    """Keeps one version serving. One thread; children are forked from it."""

    def __init__(self, config: Config, *, wait: bool) -> None:
        self._config = config
        self._count = int(_COUNT.read_text("ascii")) if _COUNT.exists() else 0
        self._running: Version | None = None
        self._shared = self._bind()
        self._control = socket.create_server((config.host, config.control), backlog=16)
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
        shared.bind((self._config.host, self._config.port))
        return shared

    def _stop(self, *_: object) -> None:
        if self._running:
            self._running.end(signal.SIGKILL)
        os._exit(0)

    def run(self) -> None:
        print(f"{self._config.needs.team}: control on {self._config.host}:{self._config.control}", flush=True)
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
        version = Version.fork(self._config, self._next_name(), self._shared)
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

    def _next_name(self) -> str:
        """Numbers go on after the supervisor was started again; the canary's are its own affair."""
        self._count += 1
        if self._config.keep:
            _COUNT.write_text(str(self._count), "ascii")
        return f"v{self._count}"

    def _bring_up(self, version: Version, say: Say) -> bool:
        deadline = time.monotonic() + self._config.deadline_s
        for line in version.lines(deadline):
            if "ready" in line:
                self._check_health(line["ready"], deadline)
                os.write(version.go, b"g")
            elif "serving" in line:
                page = self._check_page(version, deadline) if self._running is None else version.name
                say({"step": "serve", "ok": True, "detail": f"{page} is healthy and took over"})
                return True
            else:
                say(line)
                if not line["ok"]:
                    return False
        say({"step": "serve", "ok": False, "detail": f"{version.name} ended before it served"})
        return False

    def _check_health(self, port: int, deadline: float) -> None:
        answer = request(("127.0.0.1", port), "GET", "/healthz", timeout_s=_left(deadline))
        if not answer.ok:
            raise OSError(answer.complaint())

    def _check_page(self, version: Version, deadline: float) -> str:
        """Ask on the port that people call; while an old version still listens there, either may answer."""
        service = ("127.0.0.1", self._config.port)
        page = request(service, "GET", "/", timeout_s=_left(deadline)).json()
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


def _left(deadline: float) -> float:
    """Seconds until then, a moment at least: 0 would mean that nothing waits at all."""
    return max(0.05, deadline - time.monotonic())


def _tolerant(answer: Say) -> Say:
    """A deploy goes on when whoever ordered it stops listening."""

    def say(line: dict[str, Any]) -> None:
        with suppress(OSError):
            answer(line)

    return say


def main(argv: list[str]) -> None:
    path, *flags = argv
    Supervisor(Config.read(Path(path)), wait="--wait" in flags).run()


if __name__ == "__main__":
    main(sys.argv[1:])

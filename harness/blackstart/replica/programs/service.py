"""The command `service`: what the platform's people have to see, start, stop and restart its servers.

service                         each server and what is known of it
service status|start|stop|restart NAME
"""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from blackstart.replica.programs.supervised import UNKNOWN_CODE, Launch, Supervised

__all__ = ["LOGS", "RUN", "SITE", "launches_in", "run"]

SITE = "site.json"
RUN = "run"
LOGS = "logs"

LISTENS_S = 10.0
"""How long `service start` waits for a server to take connections."""

USAGE = "usage: service [status|start|stop|restart NAME]"


def launches_in(site: Mapping[str, Any]) -> dict[str, Launch]:
    """How each server is started, from the replica's `site.json`."""
    return {
        name: Launch(tuple(each["argv"]), dict(each["env"]), Path(each["cwd"]))
        for name, each in site["launches"].items()
    }


class Service(Supervised):
    """A server of the replica in that folder, and where it listens itself."""

    def __init__(self, name: str, folder: Path, site: Mapping[str, Any]) -> None:
        log, state = folder / LOGS / f"{name}.log", folder / RUN / f"{name}.json"
        super().__init__(name, launches_in(site)[name], log, state)
        self.address = _address(name, site["site"])

    def listens(self) -> bool:
        """Wait until it takes connections; False when it ended, or did not within the limit."""
        ends = time.monotonic() + LISTENS_S
        while self.running() and time.monotonic() < ends:
            with socket.socket() as asking:
                if asking.connect_ex(self.address) == 0:
                    return True
            time.sleep(0.02)
        return False


def _address(name: str, site: Mapping[str, Any]) -> tuple[str, int]:
    """Where a server itself takes connections; of a team's it is the supervisor, not what it keeps up."""
    behind = {**site["behind"], "proxy": site["proxy"]}
    host, port = behind.get(f"{name}-deploy", behind[name])
    return host, port


def run(folder: Path, names: list[str], argv: list[str]) -> int:
    """Do what was asked for, in the replica of that folder; `names` are the servers that people know of."""
    actions = {"status": _status, "start": _start, "stop": _stop, "restart": _restart}
    if len(argv) not in (0, 2) or (argv and argv[0] not in actions):
        print(USAGE, file=sys.stderr)
        return 2
    if argv and argv[1] not in names:
        print(f"service: no service {argv[1]}; there are: {', '.join(names)}", file=sys.stderr)
        return 2
    site = json.loads((folder / SITE).read_bytes())
    if not argv:
        return max(_status(Service(name, folder, site)) for name in names)
    return actions[argv[0]](Service(argv[1], folder, site))


def _status(server: Service) -> int:
    """As `systemctl status`: 0 when it runs, 3 when it does not."""
    pid = server.pid
    if pid is not None:
        print(f"{server.name:<10} running, pid {pid}{_stopped(pid)}; log: {server.log}")
        return 0
    code = server.exited_by_itself()
    how = "stopped" if code is None else "died" if code == UNKNOWN_CODE else f"died with {code}"
    print(f"{server.name:<10} {how}; log: {server.log}")
    return 3


def _stopped(pid: int) -> str:
    """Whether a signal has it stand still: it runs, and does nothing."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return ", suspended (state T)" if file.read().rpartition(b")")[2].split()[0] == b"T" else ""
    except OSError:
        return ""


def _start(server: Service) -> int:
    try:
        started = server.start()
    except OSError as error:
        print(f"service: {server.name} cannot be started: {error}", file=sys.stderr)
        return 1
    if not started:
        print(f"{server.name} runs already, pid {server.pid}")
        return 0
    listens = server.listens()
    print(f"started {server.name}{'' if listens else ', but it does not listen'}; log: {server.log}")
    return 0 if listens else 1


def _stop(server: Service) -> int:
    server.stop()
    print(f"stopped {server.name}")
    return 0


def _restart(server: Service) -> int:
    return _stop(server) or _start(server)

"""The command `service`: what the platform's people have to see, start, stop and restart its servers.

service                         each server and what is known of it
service status|start|stop|restart NAME
"""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from blackstart.replica.programs.supervised import UNKNOWN_CODE, Launch, Supervised

__all__ = ["LOGS", "RUN", "SITE", "Kept", "command", "launches_in", "listens", "run"]

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


class Kept(Protocol):
    """A server as this command handles it: a process, or a container (`containers/service.py`)."""

    @property
    def name(self) -> str: ...

    def running(self) -> bool: ...

    def start(self) -> bool: ...

    def stop(self) -> None: ...

    def exited_by_itself(self) -> int | None: ...

    def listens(self) -> bool:
        """Wait until it takes connections; False when it ended, or did not within the limit."""
        ...

    def here(self) -> str:
        """By what the machine knows it while it runs: "pid 7", and whether it stands still."""
        ...

    def where(self) -> str:
        """Where its log is, as "log: FILE"."""
        ...


class Service(Supervised):
    """A server of the replica in that folder, and where it listens itself."""

    def __init__(self, name: str, folder: Path, site: Mapping[str, Any]) -> None:
        log, state = folder / LOGS / f"{name}.log", folder / RUN / f"{name}.json"
        super().__init__(name, launches_in(site)[name], log, state)
        self.address = _address(name, site["site"])

    def listens(self) -> bool:
        return listens(self.address, self.running)

    def here(self) -> str:
        pid = self.pid
        return f"pid {pid}{_stopped(pid)}" if pid else "no pid any more"

    def where(self) -> str:
        return f"log: {self.log}"


def listens(address: tuple[str, int], running: Callable[[], bool]) -> bool:
    """Wait until somebody takes connections there; False when it does not run, or did not within the limit."""
    ends = time.monotonic() + LISTENS_S
    while running() and time.monotonic() < ends:
        with socket.socket() as asking:
            if asking.connect_ex(address) == 0:
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
    site = json.loads((folder / SITE).read_bytes())
    return command(names, argv, lambda name: Service(name, folder, site))


def command(names: Sequence[str], argv: Sequence[str], server: Callable[[str], Kept]) -> int:
    """The command itself, over whatever servers."""
    actions = {"status": _status, "start": _start, "stop": _stop, "restart": _restart}
    if len(argv) not in (0, 2) or (argv and argv[0] not in actions):
        print(USAGE, file=sys.stderr)
        return 2
    if argv and argv[1] not in names:
        print(f"service: no service {argv[1]}; there are: {', '.join(names)}", file=sys.stderr)
        return 2
    if not argv:
        return max(_status(server(name)) for name in names)
    return actions[argv[0]](server(argv[1]))


def _status(server: Kept) -> int:
    """As `systemctl status`: 0 when it runs, 3 when it does not."""
    if server.running():
        print(f"{server.name:<10} running, {server.here()}; {server.where()}")
        return 0
    code = server.exited_by_itself()
    how = "stopped" if code is None else "died" if code == UNKNOWN_CODE else f"died with {code}"
    print(f"{server.name:<10} {how}; {server.where()}")
    return 3


def _stopped(pid: int) -> str:
    """Whether a signal has it stand still: it runs, and does nothing."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return ", suspended (state T)" if file.read().rpartition(b")")[2].split()[0] == b"T" else ""
    except OSError:
        return ""


def _start(server: Kept) -> int:
    try:
        started = server.start()
    except OSError as error:
        print(f"service: {server.name} cannot be started: {error}", file=sys.stderr)
        return 1
    if not started:
        print(f"{server.name} runs already, {server.here()}")
        return 0
    heard = server.listens()
    print(f"started {server.name}{'' if heard else ', but it does not listen'}; {server.where()}")
    return 0 if heard else 1


def _stop(server: Kept) -> int:
    server.stop()
    print(f"stopped {server.name}")
    return 0


def _restart(server: Kept) -> int:
    return _stop(server) or _start(server)

"""The container that a server runs in, for whoever works on it from outside: found by its labels, never by a name.

What it takes to find it lies in the server's folder on this machine, `container.json`, so that tools, faults and
whatever heals them in another process need nothing else. Standard library only.
"""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from blackstart.replica.containers.engine import COMPONENT, DRILL
from blackstart.replica.programs.files import replaced

__all__ = ["CONTAINER", "Container"]

CONTAINER = "container.json"

_ANSWER_S = 10.0
_API = "/v1.41"
"""Of docker 20.10, the oldest that blackstart takes."""


@dataclass(frozen=True, slots=True)
class Container:
    """A component of a drill, in a container. `docker` is where the daemon listens, as in DOCKER_HOST.

    Errors of every method: OSError, also when docker refuses, with its words.
    """

    docker: str
    drill: str
    component: str

    @classmethod
    def of(cls, folder: Path) -> Container | None:
        """The container that a folder belongs to; None for that of a process. ValueError when the file is damaged."""
        try:
            found = json.loads((folder / CONTAINER).read_text("utf-8"))
        except FileNotFoundError:
            return None
        try:
            return cls(str(found["docker"]), str(found["drill"]), str(found["component"]))
        except (LookupError, TypeError) as error:
            raise ValueError(f"{folder / CONTAINER} does not say which container it is of") from error

    def note(self, folder: Path) -> None:
        """Write it down in the folder."""
        replaced(folder / CONTAINER, json.dumps(asdict(self)).encode())

    def tell(self, signal: str) -> int:
        """Send it a signal ("USR1"). Returns how many containers there were: none when it does not run."""
        running = self._running()
        for each in running:
            self._ask("POST", f"/containers/{each}/kill?signal={signal}", gone=(404, 409))
        return len(running)

    def start(self) -> int:
        """Start what does not run. Returns how many containers there were."""
        ended = self._with("created", "exited")
        for each in ended:
            self._ask("POST", f"/containers/{each}/start", gone=(404,))
        return len(ended)

    def _running(self) -> list[str]:
        return self._with("running", "paused")

    def _with(self, *status: str) -> list[str]:
        labels = [f"{DRILL}={self.drill}", f"{COMPONENT}={self.component}"]
        filters = quote(json.dumps({"label": labels, "status": status}))
        path = f"/containers/json?all=true&filters={filters}"
        return [str(each["Id"]) for each in self._ask("GET", path)]

    def _ask(self, method: str, path: str, gone: tuple[int, ...] = ()) -> Any:
        connection = _connection(self.docker)
        try:
            connection.request(method, _API + path)
            answer = connection.getresponse()
            body = answer.read()
        except (http.client.HTTPException, OSError) as error:
            raise OSError(f"docker does not answer at {self.docker}: {error}") from error
        finally:
            connection.close()
        if answer.status >= 400 and answer.status not in gone:
            raise OSError(f"docker refuses: {_words(body)}")
        return json.loads(body) if body and answer.status < 400 else None


def _connection(docker: str) -> http.client.HTTPConnection:
    if docker.startswith("unix://"):
        return _UnixConnection(docker.removeprefix("unix://"))
    where = urlsplit(docker)
    return http.client.HTTPConnection(where.hostname or "", where.port or 2375, timeout=_ANSWER_S)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_ANSWER_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _words(body: bytes) -> str:
    try:
        said: Mapping[str, Any] = json.loads(body)
        return str(said["message"])
    except (ValueError, LookupError, TypeError):
        return body[:200].decode("utf-8", "replace")

"""What the checks of a user's platform are asked on: published ports, commands in containers, settings of services."""

from __future__ import annotations

import select
import socket
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from blackstart.clock import SystemTime
from blackstart.errors import ReplicaError
from blackstart.replica.asking import Refused
from blackstart.replica.base import Completed
from blackstart.replica.containers.files import exit_code
from blackstart.replica.probing import check_probes

if TYPE_CHECKING:
    from blackstart.platform import Platform
    from blackstart.replica.base import Probe
    from blackstart.replica.containers.engine import Engine
    from blackstart.replica.containers.server import ContainerServer
    from blackstart.replica.foreign.judge import Judgement
    from blackstart.replica.foreign.override import Places
    from blackstart.replica.layout import Address
    from blackstart.replica.probing import Ground

__all__ = ["KnownGround", "PublishedGround", "demux", "probes_of", "run_within"]

_HEAD = 8
"""Before each piece that a command without a terminal prints: which stream, and how long (docker's API, "attach")."""


class KnownGround:
    """A `probing.Ground` over what is known of a file alone: enough to see whether everything can be asked."""

    def __init__(self, judgement: Judgement, places: Places) -> None:
        self._judgement = judgement
        self._places = places

    def address(self, component: str, port: int | None) -> Address:
        service = self._judgement.component(component)
        wanted = port or next(iter(service.ports), None)
        if wanted is None:
            raise ReplicaError(
                f"no port of {component} is known, so it cannot be asked on one",
                hint='label its service blackstart.ports: "5432" with its number, or have it asked by exec',
            )
        found = self._places.address(service.name, wanted)
        if found is None:
            known = ", ".join(map(str, service.ports)) or "none"
            raise ReplicaError(
                f"the port {wanted} of {component} is not published by the drill; known are: {known}",
                hint=f'label its service blackstart.ports: "{" ".join(map(str, (*service.ports, wanted)))}"',
            )
        return found

    def run(self, component: str, argv: list[str], limit_s: float) -> Completed:
        """Refused: nothing was started."""
        raise Refused("its container does not run")

    def setting(self, component: str, variable: str) -> str:
        environment = self._judgement.component(component).environment
        if variable not in environment:
            raise ReplicaError(
                f"the service of {component} has no variable {variable} in its environment",
                hint=f"there are: {', '.join(sorted(environment)) or 'none'}",
            )
        return environment[variable]


class PublishedGround(KnownGround):
    """The one over the containers of a drill."""

    def __init__(
        self,
        judgement: Judgement,
        places: Places,
        engine: Engine,
        servers: Mapping[str, ContainerServer],
    ) -> None:
        super().__init__(judgement, places)
        self._engine = engine
        self._servers = servers

    def run(self, component: str, argv: list[str], limit_s: float) -> Completed:
        """Refused when its container does not run."""
        container = self._servers[component].look()
        if not container.runs or container.paused:
            raise Refused("its container is paused" if container.paused else "its container does not run")
        with self._engine.saying(f"running {argv[0]} in {component}"):
            done = run_within(self._engine, container.id, argv, limit_s)
        if done is None:  # said out here: docker did answer
            raise TimeoutError
        return done


def probes_of(platform: Platform, judgement: Judgement, ground: Ground) -> tuple[Probe, ...]:
    """Every probe of a file's drill. ReplicaError or MissingTool where something cannot be asked."""
    labelled = {service.component: service.checks for service in judgement.drilled}
    ported = {service.component: service.askable for service in judgement.drilled}
    return check_probes(platform, labelled, ported, ground)


def run_within(engine: Engine, id: str, argv: Sequence[str], limit_s: float) -> Completed | None:
    """Run a command in a container. None when it prints on, or says nothing, beyond the limit.

    The SDK's own call waits without a limit. What runs too long goes on in its container: docker cannot end it.
    """
    api = engine.client.api
    command = api.exec_create(id, list(argv))["Id"]
    stream: Any = api.exec_start(command, socket=True)
    try:
        said = _read(getattr(stream, "_sock", stream), limit_s)
    except TimeoutError:
        return None
    finally:
        stream._response.close()  # first: the SDK keeps the connection there
        stream.close()
    stdout, stderr = (part.decode("utf-8", "replace") for part in demux(said))
    code = exit_code(engine, command, limit_s)
    return None if code is None else Completed(code, stdout, stderr)


def _read(stream: socket.socket, limit_s: float) -> bytes:
    time = SystemTime()
    began, said = time.now(), b""
    while True:
        left_s = limit_s - time.now().seconds_since(began)
        if left_s <= 0 or not select.select([stream], [], [], left_s)[0]:
            raise TimeoutError
        chunk = stream.recv(65536)
        if not chunk:
            return said
        said += chunk


def demux(said: bytes) -> tuple[bytes, bytes]:
    """What was printed, and what was printed as errors."""
    streams = {1: b"", 2: b""}
    while len(said) >= _HEAD:
        length = int.from_bytes(said[4:_HEAD], "big")
        streams[said[0]] = streams.get(said[0], b"") + said[_HEAD : _HEAD + length]
        said = said[_HEAD + length :]
    return streams[1], streams[2]

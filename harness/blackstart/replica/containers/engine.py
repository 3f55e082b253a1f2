"""The docker daemon of a drill: connected to, judged fit, and never asked for what is not the drill's own.

The SDK is imported by the first connection: it takes a third of a second.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blackstart.errors import MissingTool, ReplicaError, UsageError
from blackstart.replica.containers import endpoint as endpoints
from blackstart.replica.containers.answering import why_silent
from blackstart.replica.containers.asked import Asked

if TYPE_CHECKING:
    from docker import DockerClient

    from blackstart.replica.containers.endpoint import Endpoint

__all__ = [
    "COMPONENT",
    "DRILL",
    "NO_MORE",
    "ONE_OFF",
    "PROJECT",
    "SERVICE",
    "TAKEN",
    "Allowed",
    "DaemonGone",
    "Engine",
    "PortInUse",
    "Stranger",
    "SubnetInUse",
]

DRILL = "blackstart.drill"
"""The label that says whose a container, a network or a volume is: nothing without it is ever touched."""

COMPONENT = "blackstart.component"
"""The label by which a service of a compose file names the component that it is."""

SERVICE = "com.docker.compose.service"
PROJECT = "com.docker.compose.project"
ONE_OFF = "com.docker.compose.oneoff"

OLDEST_API = (1, 41)
"""Of docker 20.10, the oldest that this was tried on."""

FIRST_S = 10.0
"""Seconds for the first answer: whether a docker is there at all."""

ANSWER_S = 60.0
"""Seconds for one answer of the daemon; a container that takes its time to stop has its own on top."""

ROOM_MB = 1_000
"""Less than this where docker keeps its data, and the replica's own databases would be what fails."""

TAKEN = ("port is already allocated", "address already in use")
"""How docker says that somebody has a port."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a plan allows by name: contexts of other machines, and running containers that look like a target."""

    contexts: Collection[str] = frozenset()
    strangers: Collection[str] = frozenset()


NO_MORE = Allowed()


@dataclass(frozen=True, slots=True)
class Stranger:
    """A running container of nobody's drill that is named like a target."""

    name: str
    id: str
    target: str


class DaemonGone(ReplicaError):
    """The docker daemon does not answer any more."""


class PortInUse(ReplicaError):
    """Somebody has a port that a container is to be published on."""


class SubnetInUse(ReplicaError):
    """Another network has the subnet that one of the project is to have."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A connection to one docker daemon. Safe to use from any thread; its owner closes it."""

    endpoint: Endpoint
    client: DockerClient
    allowed: Allowed = NO_MORE
    asked: Asked = field(default_factory=Asked)

    @classmethod
    def connect(cls, allowed: Allowed = NO_MORE, endpoint: Endpoint | None = None) -> Engine:
        """Connect to the docker that the user means, or to the one given.

        MissingTool when there is none, it does not answer, or it is too old; UsageError for one on another machine.
        """
        where = endpoint or endpoints.chosen()
        endpoints.refuse_remote(where, allowed.contexts)
        endpoints.see_it_listens(where)
        return cls(where, _client(where), allowed)

    def close(self) -> None:
        self.client.close()

    def env(self) -> dict[str, str]:
        """What a docker command needs in its environment to mean the same daemon."""
        return {} if self.endpoint.context == endpoints.DEFAULT else {"DOCKER_HOST": self.endpoint.host}

    def version(self) -> str:
        with self.saying("asking for its version"):
            return str(self.client.version().get("Version", "?"))

    @contextmanager
    def saying(self, doing: str) -> Iterator[None]:
        """Turn what the SDK raises into a ReplicaError that says what was being done. DaemonGone, PortInUse too."""
        from docker.errors import APIError, DockerException
        from requests.exceptions import RequestException
        from urllib3.exceptions import HTTPError

        try:
            yield
        except APIError as error:
            raise _refused(doing, str(error.explanation or error)) from error
        except (DockerException, RequestException, HTTPError, OSError) as error:
            raise DaemonGone(
                f"{doing}: docker does not answer at {self.endpoint.host}: {why_silent(error, self.client.api.timeout)}",
                hint="start docker, and run: blackstart recover",
            ) from error

    # --- what is there --------------------------------------------------------------------------

    def containers(self, labels: Mapping[str, str], *, all: bool = True) -> list[dict[str, Any]]:
        """What docker lists of the containers with all of these labels; only running ones when not `all`."""
        wanted = [f"{name}={value}" for name, value in labels.items()]
        with self.saying("listing containers"):
            return list(self.client.api.containers(all=all, filters={"label": wanted}))

    def subnets(self) -> list[str]:
        """What docker's networks occupy, as "172.18.0.0/16"."""
        with self.saying("listing networks"):
            listed = self.client.api.networks()
        configs = [each for network in listed for each in (network.get("IPAM") or {}).get("Config") or []]
        return [str(each["Subnet"]) for each in configs if "." in str(each.get("Subnet", ""))]

    def has(self, image: str) -> bool:
        """Whether that image is here."""
        from docker.errors import ImageNotFound

        with self.saying(f"looking for the image {image}"):
            try:
                self.client.images.get(image)
            except ImageNotFound:
                return False
        return True

    def strangers(self, targets: Collection[str]) -> list[Stranger]:
        """Running containers of no drill that are named like one of the targets (components or services)."""
        with self.saying("listing containers"):
            running = self.client.api.containers(filters={"status": ["running", "paused", "restarting"]})
        return [
            Stranger(_name(each), str(each["Id"])[:12], target)
            for each in running
            if DRILL not in (each.get("Labels") or {})
            for target in sorted(set(targets) & _called(each))[:1]
        ]

    def refuse_strangers(self, targets: Collection[str]) -> None:
        """UsageError when such a container runs here and the plan does not allow it by its name."""
        met = [each for each in self.strangers(targets) if each.name not in self.allowed.strangers]
        if not met:
            return
        said = ", ".join(f"{each.name} ({each.id}, like {each.target})" for each in met)
        names = [each.name for each in met]
        raise UsageError(
            f"this docker also runs containers that are named like a target and are no drill's: {said}",
            hint=f"stop them (docker stop {' '.join(names)}), or run a plan that allows them by name: "
            f"`docker: {{strangers: [{', '.join(names)}]}}`; a drill would not touch them, but people might",
        )

    # --- is it fit ------------------------------------------------------------------------------

    def see_room(self) -> None:
        """ReplicaError when the disk where docker keeps its data is nearly full. Of another machine nobody knows."""
        with self.saying("looking at docker's disk"):
            root = Path(str(self.client.info().get("DockerRootDir", "")))
        if not self.endpoint.local or not root.is_dir():
            return
        free = shutil.disk_usage(root).free // 1_000_000
        if free < ROOM_MB:
            raise ReplicaError(
                f"the disk where docker keeps its data is nearly full: {free} MB free in {root}, {ROOM_MB} are needed",
                hint="`docker system df` shows what takes room, `docker image prune` removes images that nobody uses",
            )


def _client(where: Endpoint) -> DockerClient:
    try:
        from docker import DockerClient
        from docker.errors import DockerException
        from requests.exceptions import RequestException
    except ImportError as error:
        raise MissingTool(f"the docker SDK is missing: {error}", hint="uv pip install docker") from error
    try:
        client = DockerClient(base_url=where.host, version="auto", timeout=int(FIRST_S))
        api = str(client.version().get("ApiVersion", ""))
    except (DockerException, RequestException, OSError, ValueError) as error:
        raise MissingTool(
            f"docker does not answer at {where.host}: {why_silent(error, FIRST_S)}",
            hint="`docker version` says more; or use the embedded replica: --replica local",
        ) from error
    _refuse_old(api)
    client.api.timeout = int(ANSWER_S)
    return client


def _refuse_old(api: str) -> None:
    try:
        found = tuple(int(part) for part in api.split("."))
    except ValueError:
        found = (0,)
    if found < OLDEST_API:
        raise MissingTool(
            f"this docker is too old: it speaks API {api or '?'}, needed is 1.41 (docker 20.10)",
            hint="upgrade docker, or use the embedded replica: --replica local",
        )


def _refused(doing: str, said: str) -> ReplicaError:
    if any(words in said for words in TAKEN):
        return PortInUse(
            f"{doing}: a port is taken: {said}",
            hint="`docker ps` and `ss -ltnp` say by whom; end that, or choose another port",
        )
    return ReplicaError(f"{doing}: docker refuses: {said}", hint="`docker ps -a` shows what is there")


def _name(listed: Mapping[str, Any]) -> str:
    return str((listed.get("Names") or ["?"])[0]).lstrip("/")


def _called(listed: Mapping[str, Any]) -> set[str]:
    """Every name that a listed container goes by."""
    labels = listed.get("Labels") or {}
    return {_name(listed), labels.get(SERVICE, ""), labels.get(COMPONENT, "")} - {""}

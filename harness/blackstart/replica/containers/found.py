"""The one container of a drill's service: looked up by its labels each time, and looked at once more before it is touched.

A container's labels never change, but the container that is a service's may: somebody removes it, and makes another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from blackstart.errors import ReplicaError
from blackstart.replica.containers.engine import DRILL, ONE_OFF, PROJECT, SERVICE

if TYPE_CHECKING:
    from blackstart.replica.containers.engine import Engine

__all__ = ["Container", "find", "seen"]

_BY_SIGNAL = 128
_SIGNALS = 64


@dataclass(frozen=True, slots=True)
class Container:
    """A container as docker told it a moment ago (its `inspect`)."""

    id: str
    data: Mapping[str, Any]

    @property
    def state(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.data["State"]
        return found

    @property
    def labels(self) -> Mapping[str, str]:
        return self.data["Config"].get("Labels") or {}

    @property
    def runs(self) -> bool:
        """Whether its process lives; a paused one does."""
        return bool(self.state.get("Running")) and not self.state.get("Restarting")

    @property
    def going(self) -> bool:
        """Whether somebody is removing it: what it said cannot be asked for any more."""
        return self.state.get("Status") in ("removing", "dead")

    @property
    def paused(self) -> bool:
        return bool(self.state.get("Paused"))

    @property
    def pid(self) -> int | None:
        return int(self.state.get("Pid") or 0) or None

    @property
    def networks(self) -> Mapping[str, Mapping[str, Any]]:
        return self.data["NetworkSettings"].get("Networks") or {}

    @property
    def restarts(self) -> int:
        """How often docker has started it anew by itself, since somebody started it."""
        return int(self.data.get("RestartCount") or 0)

    @property
    def began(self) -> str:
        """When it was started last, as docker writes it."""
        return str(self.state.get("StartedAt", ""))

    def began_at(self) -> datetime | None:
        """None when it never was."""
        return _moment(self.began)

    def ended_at(self) -> datetime | None:
        """When it ended last, whether it runs again or not; None when it never did."""
        return _moment(str(self.state.get("FinishedAt", "")))

    def exit_code(self) -> int:
        """As a process's: negative for the signal that ended it. Docker and shells add 128 to the signal."""
        code = int(self.state.get("ExitCode", 0))
        return _BY_SIGNAL - code if _BY_SIGNAL < code <= _BY_SIGNAL + _SIGNALS else code

    def health(self) -> str:
        """starting, healthy or unhealthy; empty when nothing checks it."""
        return str((self.state.get("Health") or {}).get("Status", "")).replace("none", "")


def _moment(written: str) -> datetime | None:
    """As docker writes it; None for its "never"."""
    head, _, rest = written.rstrip("Z").partition(".")
    if not head or head.startswith("0001"):
        return None
    return datetime.fromisoformat(f"{head}.{rest[:6] or '0'}").replace(tzinfo=UTC)


def find(engine: Engine, label: str, project: str, service: str) -> Container | None:
    """The container of that drill's service, running or not; None when there is none.

    ReplicaError when there is more than one, or when the one of that service does not carry the drill's label.
    """
    labels = {PROJECT: project, SERVICE: service, ONE_OFF: "False"}
    listed = engine.containers(labels)
    ours = [str(each["Id"]) for each in listed if (each.get("Labels") or {}).get(DRILL) == label]
    if len(ours) > 1:
        raise ReplicaError(
            f"{service} has {len(ours)} containers in the project {project}; a drill breaks components of one",
            hint=f"take its `scale` or `deploy.replicas` to 1: {', '.join(each[:12] for each in ours)}",
        )
    if not ours and listed:
        raise ReplicaError(
            f"the container {str(listed[0]['Id'])[:12]} of {service} does not carry this drill's label: "
            "somebody has put it in the place of the drill's own, and it is left alone",
            hint=f"see what it is: docker inspect {str(listed[0]['Id'])[:12]}; the drill's own is gone",
        )
    return seen(engine, ours[0], label, project, service) if ours else None


def seen(engine: Engine, id: str, label: str, project: str, service: str) -> Container | None:
    """The container with that id as it is now; None when it is gone. ReplicaError when it is not that drill's."""
    from docker.errors import NotFound

    try:
        with engine.saying(f"looking at {service}"):
            container = Container(id, engine.client.api.inspect_container(id))
    except ReplicaError as error:
        if isinstance(error.__cause__, NotFound):
            return None
        raise
    carried = container.labels
    if (carried.get(DRILL), carried.get(PROJECT), carried.get(SERVICE)) != (label, project, service):
        raise ReplicaError(
            f"the container {id[:12]} is not {service} of this drill: its label {DRILL} is "
            f"{carried.get(DRILL)!r}, not {label!r}; it is left alone",
            hint=f"see what it is: docker inspect {id[:12]}",
        )
    return container

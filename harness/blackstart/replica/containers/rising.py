"""Seeing a compose project come up: which containers are there, which are well, and which one never will be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from blackstart.clock import SystemTime
from blackstart.replica.containers.engine import ONE_OFF, PROJECT, SERVICE
from blackstart.replica.containers.found import Container
from blackstart.replica.containers.unwell import why_not

if TYPE_CHECKING:
    from blackstart.errors import ReplicaError
    from blackstart.replica.base import Progress
    from blackstart.replica.containers.engine import Engine

__all__ = ["Rising", "joining"]

SETTLED_S = 10.0
"""Having run for so long, a container that was restarted is well; docker itself takes it for well then."""

RESTARTS = 5
"""So often a container may be restarted when all others are well: it may only have been there before what it needs."""

_ANOTHERS = "namespace path"
"""What docker says of a container that was to join another one's network, when that one has ended: the other is ill."""


@dataclass(slots=True)
class Rising:
    """The containers of one project as they come up. `all_well` is asked again and again, and tells what is new."""

    engine: Engine
    project: str
    services: Mapping[str, Mapping[str, Any]]
    progress: Progress
    told: str = ""
    _ended_before: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """What has ended in an earlier life of the project is no news."""
        ended = [each for each in self._listed() if each.get("State") == "exited"]
        self._ended_before = {str(each["Id"]): self._look(each).began for each in ended}

    def all_well(self) -> bool:
        """Whether every service is well. ReplicaError, with its last lines, for one that never will be."""
        listed = {str(each["Labels"][SERVICE]): each for each in self._listed()}
        for each in listed.values():
            self._refuse_dead(each)
        waited = [name for name in self.services if name not in listed or not self._well(listed[name])]
        self._tell(waited)
        self._refuse_looping([listed.get(name) for name in waited])
        return not waited

    def broken(self) -> ReplicaError | None:
        """The error of the first container that something is wrong with; None where they only need more time.

        One that was never started comes last: it may be for want of another.
        """
        ill = sorted(filter(self._ill, self._listed()), key=_never_started)
        return self._error(ill[0], _fate(ill[0])) if ill else None

    def why_not(self) -> ReplicaError | None:
        """As `broken`, and the first that only is not well yet."""
        waited = (each for each in self._listed() if each.get("State") != "created" and not self._well(each))
        there = (each for each in waited if self._look(each).state)
        return self.broken() or next((self._error(each, "did not come up") for each in there), None)

    def _listed(self) -> list[dict[str, Any]]:
        return self.engine.containers({PROJECT: self.project, ONE_OFF: "False"})

    def _tell(self, waited: list[str]) -> None:
        said = (
            f"waiting for {', '.join(waited[:3])}{' ...' if waited[3:] else ''}" if waited else "all are up"
        )
        if said != self.told:
            self.told = said
            self.progress(said, len(self.services) - len(waited), len(self.services))

    def _well(self, listed: Mapping[str, Any]) -> bool:
        """Up, and healthy if that is checked; or ended with 0, as what is to run once does. Restarted: up to stay."""
        status = str(listed.get("Status", ""))
        if listed.get("State") == "exited":
            return status.startswith("Exited (0)")
        if listed.get("State") != "running" or "starting)" in status or "(unhealthy)" in status:
            return False
        return "(healthy)" in status or not _restarted(self._look(listed))

    def _ill(self, listed: Mapping[str, Any]) -> bool:
        """Whether it is more than not well yet."""
        if listed.get("State") in ("exited", "dead"):
            return self._dead(listed)
        if listed.get("State") == "created":
            error = str(self._look(listed).state.get("Error") or "")
            return bool(error) and not joining(error)
        return "(unhealthy)" in str(listed.get("Status", "")) or _restarted(self._look(listed))

    def _refuse_dead(self, listed: Mapping[str, Any]) -> None:
        """Docker's own word for a container is in its status: `Up 2 seconds (unhealthy)`, `Exited (1) ...`."""
        if "(unhealthy)" in str(listed.get("Status", "")) or self._dead(listed):
            raise self._error(listed, _fate(listed))

    def _dead(self, listed: Mapping[str, Any]) -> bool:
        """Whether it has ended as it came up. One that is gone is being replaced: its successor tells what is amiss."""
        status = str(listed.get("Status", ""))
        if listed.get("State") not in ("exited", "dead") or status.startswith("Exited (0)"):
            return False
        now = self._look(listed)
        return bool(now.state) and not now.runs and now.began != self._ended_before.get(now.id)

    def _refuse_looping(self, waited: Iterable[Mapping[str, Any] | None]) -> None:
        """All others are well, and it ends again and again: it waits for nothing any more."""
        seen = [(each, self._look(each).restarts if each else 0) for each in waited]
        if seen and all(restarts >= RESTARTS for _, restarts in seen):
            raise self._error(seen[0][0] or {}, "ends again and again")

    def _look(self, listed: Mapping[str, Any]) -> Container:
        """Docker lists one that is only being made, or is just gone, and shows nothing of it: its state is empty then."""
        from docker.errors import NotFound

        with self.engine.saying("looking at a container"):
            try:
                shown = self.engine.client.api.inspect_container(listed["Id"])
            except NotFound:
                shown = {"State": {}, "Config": {"Labels": listed["Labels"]}}
        return Container(str(listed["Id"]), shown)

    def _error(self, listed: Mapping[str, Any], what: str) -> ReplicaError:
        return why_not(self.engine, self._look(listed), str(listed["Labels"][SERVICE]), what)


def joining(error: str) -> bool:
    """Whether docker says of a container that it could not join another one's network."""
    return _ANOTHERS in error


def _fate(listed: Mapping[str, Any]) -> str:
    if "(unhealthy)" in str(listed.get("Status", "")):
        return "never became healthy"
    return "ended as it came up" if listed.get("State") in ("exited", "dead") else "did not come up"


def _never_started(listed: Mapping[str, Any]) -> bool:
    return listed.get("State") == "created"


def _restarted(container: Container) -> bool:
    """Whether docker had to start it anew, and it has not run for long since."""
    began = container.began_at()
    ran_s = (SystemTime().now().wall - began).total_seconds() if began else 0.0
    return container.restarts > 0 and (not container.runs or ran_s < SETTLED_S)

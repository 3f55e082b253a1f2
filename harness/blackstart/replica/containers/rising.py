"""Seeing a compose project come up: which containers are there, which are well, and why one will never be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from blackstart.errors import ReplicaError
from blackstart.replica.containers.engine import ONE_OFF, PROJECT, SERVICE
from blackstart.replica.containers.found import Container

if TYPE_CHECKING:
    from blackstart.replica.base import Progress
    from blackstart.replica.containers.engine import Engine

__all__ = ["Rising", "why_not"]

_LINES = 12


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
        waited = [name for name in self.services if name not in listed or not _well(listed[name])]
        self._tell(waited)
        return not waited

    def why_not(self) -> ReplicaError | None:
        """The error of the first container that was started and is not well; None when there is none."""
        for each in self._listed():
            if each.get("State") != "created" and not _well(each):
                return self._error(each, "did not come up")
        return None

    def _listed(self) -> list[dict[str, Any]]:
        return self.engine.containers({PROJECT: self.project, ONE_OFF: "False"})

    def _tell(self, waited: list[str]) -> None:
        said = (
            f"waiting for {', '.join(waited[:3])}{' ...' if waited[3:] else ''}" if waited else "all are up"
        )
        if said != self.told:
            self.told = said
            self.progress(said, len(self.services) - len(waited), len(self.services))

    def _refuse_dead(self, listed: Mapping[str, Any]) -> None:
        """Docker's own word for a container is in its status: `Up 2 seconds (unhealthy)`, `Exited (1) ...`."""
        status = str(listed.get("Status", ""))
        if "(unhealthy)" in status:
            raise self._error(listed, "never became healthy")
        if listed.get("State") not in ("exited", "dead") or status.startswith("Exited (0)"):
            return
        now = self._look(listed)
        if not now.runs and now.began != self._ended_before.get(now.id):
            raise self._error(listed, "ended as it came up")

    def _look(self, listed: Mapping[str, Any]) -> Container:
        with self.engine.saying("looking at a container"):
            return Container(str(listed["Id"]), self.engine.client.api.inspect_container(listed["Id"]))

    def _error(self, listed: Mapping[str, Any], what: str) -> ReplicaError:
        return why_not(self.engine, self._look(listed), str(listed["Labels"][SERVICE]), what)


def _well(listed: Mapping[str, Any]) -> bool:
    """Up, and healthy if that is checked; or ended with 0, as what is to run once does."""
    status = str(listed.get("Status", ""))
    if listed.get("State") == "exited":
        return status.startswith("Exited (0)")
    return listed.get("State") == "running" and "starting)" not in status and "(unhealthy)" not in status


def why_not(engine: Engine, container: Container, name: str, what: str) -> ReplicaError:
    """The error that says why a container is not in service: its state, last lines and health check."""
    lines = said(engine, container, name, tail=_LINES).decode("utf-8", "replace").rstrip()
    return ReplicaError(
        f"{name} {what} ({_state(container)}). Its last lines:\n{lines or '(it said nothing)'}{_checked(container)}",
        hint=f"all that it said, while it is there: docker logs {container.id[:12]}",
    )


def said(engine: Engine, container: Container, name: str, **which: Any) -> bytes:
    """What a container has said; a sentence when docker cannot tell (its log driver keeps nothing)."""
    from docker.errors import APIError

    with engine.saying(f"reading the log of {name}"):
        try:
            return bytes(engine.client.api.logs(container.id, **which))
        except APIError as error:
            return f"docker cannot tell what {name} said: {error.explanation}\n".encode()


def _state(container: Container) -> str:
    if container.runs:
        health = container.health()
        return f"it {'is paused' if container.paused else 'still runs'}" + (f", {health}" if health else "")
    if not container.began_at():
        return "it was never started" + _error_of(container)
    oom = ", out of memory" if container.state.get("OOMKilled") else ""
    return f"ended with code {container.exit_code()}{oom}{_error_of(container)}"


def _error_of(container: Container) -> str:
    error = str(container.state.get("Error") or "")
    return f": {error}" if error else ""


def _checked(container: Container) -> str:
    """What its health check said last, when it was not content."""
    log = (container.state.get("Health") or {}).get("Log") or []
    if container.health() in ("", "healthy") or not log:
        return ""
    return f"\nIts health check said: {str(log[-1].get('Output', '')).strip()[-500:] or '(nothing)'}"

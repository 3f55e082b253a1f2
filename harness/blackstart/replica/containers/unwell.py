"""Why a container is not in service, for people: its state, its last lines, its health check, and the next move."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blackstart.errors import ReplicaError
from blackstart.replica.containers.logs import kept_in, said

if TYPE_CHECKING:
    from blackstart.replica.containers.engine import Engine
    from blackstart.replica.containers.found import Container

__all__ = ["why_not"]

_LINES = 12

_NO_PROGRAM = (
    "no such file or directory",
    "executable file not found",
    "permission denied",
    "exec format error",
)
"""How the kernel says that a program cannot be run: docker hands its words on."""

_RUNTIME = "OCI runtime create failed"


def why_not(engine: Engine, container: Container, name: str, what: str) -> ReplicaError:
    """The error of a container that is not in service."""
    if not container.began_at() and container.state.get("Error"):
        return _not_started(container, name)
    lines = said(engine, container, name, tail=_LINES).decode("utf-8", "replace").rstrip()
    return ReplicaError(
        f"{name} {what} ({_state(container)}). Its last lines:\n{lines or '(it said nothing)'}{_checked(container)}",
        hint=kept_in(container.labels),
    )


def _not_started(container: Container, name: str) -> ReplicaError:
    """Docker made it and cannot run it: it has said nothing, docker has."""
    error = str(container.state["Error"])
    if _RUNTIME in error and "exec:" in error and any(words in error for words in _NO_PROGRAM):
        return ReplicaError(
            f"{name} cannot be started: its program {_program(container)} is not in its image, or cannot be run "
            f"({error.rpartition('exec: ')[2].removesuffix(': unknown')})",
            hint=f"look at `entrypoint` and `command` of {name} in the compose file",
        )
    return ReplicaError(
        f"{name} cannot be started: {error}",
        hint=f"look at what the compose file says of {name}; its last word is docker's own",
    )


def _program(container: Container) -> str:
    return str(container.data.get("Path") or "?")


def _state(container: Container) -> str:
    if container.restarts:
        return _looping(container)
    if container.runs:
        health = container.health()
        return f"it {'is paused' if container.paused else 'still runs'}" + (f", {health}" if health else "")
    if not container.began_at():
        return "it was never started" + _error_of(container)
    return f"ended with code {container.exit_code()}{_of_memory(container)}{_error_of(container)}"


def _looping(container: Container) -> str:
    """A restarted container's code is 0 while it runs once more: only of one that is down it is known."""
    times = f"docker has restarted it {container.restarts} time{'s' if container.restarts > 1 else ''}"
    if container.runs:
        return times
    return f"{times}; it ended with code {container.exit_code()}{_of_memory(container)}{_error_of(container)}"


def _of_memory(container: Container) -> str:
    return ", out of memory" if container.state.get("OOMKilled") else ""


def _error_of(container: Container) -> str:
    error = str(container.state.get("Error") or "")
    return f": {error}" if error else ""


def _checked(container: Container) -> str:
    """What its health check said last, when it was not content."""
    log = (container.state.get("Health") or {}).get("Log") or []
    if container.health() in ("", "healthy") or not log:
        return ""
    return f"\nIts health check said: {str(log[-1].get('Output', '')).strip()[-500:] or '(nothing)'}"

"""Which docker a command means: the same one for the SDK, which knows no contexts, and for the compose CLI."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from blackstart.errors import MissingTool, UsageError

__all__ = ["DEFAULT_HOST", "Endpoint", "chosen", "refuse_remote", "see_it_listens"]

DEFAULT_HOST = "unix:///var/run/docker.sock"

DEFAULT = "default"

_LOOPBACK = ("127.", "localhost", "[::1]")

_SEEN_S = 5.0
"""Seconds to connect to a local socket, which takes none when anybody listens."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a docker daemon listens. `context` is docker's name for it, or the variable's value that says so."""

    context: str
    host: str

    @property
    def socket(self) -> str:
        """The path of its local socket; empty when it is not one."""
        return self.host.removeprefix("unix://") if self.host.startswith("unix://") else ""

    @property
    def local(self) -> bool:
        return self.host.startswith(("unix://", "npipe://"))


def chosen(env: Mapping[str, str] | None = None) -> Endpoint:
    """What DOCKER_HOST, DOCKER_CONTEXT or `docker context use` say, in docker's own order.

    UsageError for a context that does not exist.
    """
    variables = os.environ if env is None else env
    if host := variables.get("DOCKER_HOST"):
        return Endpoint(host, host)
    folder = Path(
        variables.get("DOCKER_CONFIG") or Path(variables.get("HOME") or "~").expanduser() / ".docker"
    )
    name = variables.get("DOCKER_CONTEXT") or _current(folder)
    if not name or name == DEFAULT:
        return Endpoint(DEFAULT, DEFAULT_HOST)
    return Endpoint(name, _host_of(folder, name))


def _current(folder: Path) -> str:
    """The context that `docker context use` chose; empty when it chose none."""
    try:
        return str(json.loads((folder / "config.json").read_bytes()).get("currentContext", ""))
    except (OSError, ValueError, AttributeError):
        return ""


def _host_of(folder: Path, name: str) -> str:
    meta = folder / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest() / "meta.json"
    hint = (
        "`docker context ls` shows which there are; `docker context use default` chooses this machine's own"
    )
    if not meta.exists():
        raise UsageError(f"docker has no context {name!r}: there is no {meta}", hint=hint)
    try:
        return str(json.loads(meta.read_bytes())["Endpoints"]["docker"]["Host"])
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise UsageError(
            f"docker's context {name!r} cannot be read: {meta}: {str(error) or type(error).__name__}",
            hint=hint,
        ) from error


def refuse_remote(endpoint: Endpoint, allowed: Collection[str]) -> None:
    """UsageError for a daemon that is not this machine's, unless its name is among those that the plan allows."""
    if endpoint.local or endpoint.context in allowed:
        return
    raise UsageError(
        f"docker's context {endpoint.context!r} {_leads(endpoint.host)}; a drill breaks things on this machine only",
        hint="unset DOCKER_HOST and DOCKER_CONTEXT and run `docker context use default`, "
        "or allow that context by its name in the plan",
    )


def _leads(host: str) -> str:
    """Where it leads, as far as that can be told: what listens on loopback may be a tunnel to anywhere."""
    kind, _, where = host.partition("://")
    if not kind or not where:
        return f"is no address of a docker ({host})"
    if where.rpartition("@")[2].startswith(_LOOPBACK):
        return f"is not this machine's local socket ({host}), and may lead anywhere"
    return f"leads to another machine ({host})"


def see_it_listens(endpoint: Endpoint) -> None:
    """MissingTool when nobody answers at a local socket, or not to this user. Elsewhere the first call will tell."""
    if not endpoint.socket:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(_SEEN_S)
        try:
            client.connect(endpoint.socket)
        except OSError as error:
            raise _deaf(endpoint, error) from error


def _deaf(endpoint: Endpoint, error: OSError) -> MissingTool:
    if error.errno in (errno.EACCES, errno.EPERM):
        return MissingTool(
            f"you may not use docker: no permission on {endpoint.socket}",
            hint="add yourself to its group, and log in again: sudo usermod -aG docker $USER",
        )
    if shutil.which("docker") is None and shutil.which("dockerd") is None:
        return MissingTool(
            f"docker is not installed: nothing listens at {endpoint.socket}",
            hint="install docker (Debian: apt install docker.io), "
            "or use the embedded replica, which needs none: --replica local",
        )
    return MissingTool(
        f"docker does not run: {endpoint.socket}: {error.strerror or error}",
        hint="start it (sudo systemctl start docker), or use the embedded replica: --replica local",
    )

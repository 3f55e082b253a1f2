"""What containers have said, kept in the drill's folder: it is wanted most when they are gone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blackstart.replica.containers.engine import COMPONENT, DRILL, ONE_OFF, SERVICE
from blackstart.replica.containers.found import Container

if TYPE_CHECKING:
    from blackstart.replica.containers.engine import Engine

__all__ = ["kept_in", "listed_of", "log_name", "said", "save_logs"]


def save_logs(engine: Engine, label: str, folder: Path) -> None:
    """Write what each container with that label has said to `<folder>/<component>.log`."""
    for each in listed_of(engine, label):
        folder.mkdir(parents=True, exist_ok=True)
        name = log_name(each["Labels"])
        (folder / f"{name}.log").write_bytes(said(engine, Container(str(each["Id"]), {}), name))


def listed_of(engine: Engine, label: str) -> list[dict[str, Any]]:
    """What docker lists of a drill's containers, by their services' names."""
    listed = engine.containers({DRILL: label, ONE_OFF: "False"})
    return sorted(listed, key=lambda each: str(each["Labels"][SERVICE]))


def log_name(labels: Mapping[str, str]) -> str:
    """What a container's log is called: its component, else its service."""
    return str(labels.get(COMPONENT) or labels[SERVICE])


def kept_in(labels: Mapping[str, str]) -> str:
    """Where all that it said is found, once its container is gone too."""
    return f"all that it said is in the drill's folder: logs/{log_name(labels)}.log"


def said(engine: Engine, container: Container, name: str, **which: Any) -> bytes:
    """What a container has said; a sentence when docker cannot tell (its log driver keeps nothing)."""
    from docker.errors import APIError

    with engine.saying(f"reading the log of {name}"):
        try:
            return bytes(engine.client.api.logs(container.id, **which))
        except APIError as error:
            return f"docker cannot tell what {name} said: {error.explanation}\n".encode()

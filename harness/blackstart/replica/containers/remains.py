"""The containers of a drill whose harness is dead, from what its folder says of them: looked for, kept in logs, removed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from blackstart.errors import BlackstartError, ReplicaError
from blackstart.replica.containers.ending import end_all
from blackstart.replica.containers.engine import DRILL, Engine
from blackstart.replica.containers.logs import save_logs
from blackstart.replica.containers.note import Note
from blackstart.replica.containers.removal import Counts, remove_all
from blackstart.replica.programs.service import LOGS

__all__ = ["end", "remove", "running"]

PATIENCE_S = 60.0
"""Seconds without anything more going after which docker is said not to remove it: `recover` has time, and is run where
much is amiss. (A drill's own `down` is to be over soon.)
"""


def running(folder: Path, label: str) -> bool:
    """Whether a container of that replica runs; False where it has none. ReplicaError when docker does not answer."""
    with _engine(folder, label) as engine:
        return engine is not None and bool(engine.containers({DRILL: label}, all=False))


def remove(folder: Path, label: str) -> Counts:
    """Keep what its containers said in `<folder>/logs`, and remove all that the drill made; returns what there was.

    ReplicaError when docker does not answer, or does not remove something: then it can be done later.
    """
    with _engine(folder, label) as engine:
        if engine is None:
            return Counts(0, 0, 0)
        with suppress(OSError, ReplicaError):  # a full disk: what is removed makes room
            save_logs(engine, label, folder / LOGS)
        return remove_all(engine, label, PATIENCE_S)


def end(folder: Path, label: str) -> None:
    """Kill what runs of it, and leave its data: it can be gone on with. ReplicaError when something still runs."""
    with _engine(folder, label) as engine:
        if engine is not None:
            end_all(engine, label)


@contextmanager
def _engine(folder: Path, label: str) -> Iterator[Engine | None]:
    """The docker that has them; None when none has."""
    note = Note.read(folder)
    if note is None or not label:
        yield None
        return
    try:
        engine = note.connect()
    except BlackstartError as error:
        raise ReplicaError(
            f"its containers may be left: {error.message}", hint="start docker, and run: blackstart recover"
        ) from error
    try:
        yield engine
    finally:
        engine.close()

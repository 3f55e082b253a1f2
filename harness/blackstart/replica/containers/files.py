"""Commands in a container, its files, and what is mounted in it."""

from __future__ import annotations

import io
import posixpath
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from blackstart.errors import ReplicaError
from blackstart.replica.base import Completed
from blackstart.replica.containers.engine import DRILL

if TYPE_CHECKING:
    from blackstart.replica.containers.engine import Engine
    from blackstart.replica.containers.found import Container

__all__ = ["Mount", "get", "mounts", "put", "run"]

NOT_THERE = 127
_NO_PROGRAM = ("executable file not found", "no such file or directory")


@dataclass(frozen=True, slots=True)
class Mount:
    """What is mounted in a container at `path`. `ours`: a volume with the drill's label, whose data nobody will miss.

    `kind` is docker's: volume, bind, tmpfs. `source` is the volume's name, or the folder of this machine.
    """

    path: str
    kind: str
    source: str
    writable: bool
    ours: bool


def run(engine: Engine, id: str, argv: Sequence[str], user: str = "") -> Completed:
    """Run a command to its end, with no input."""
    api = engine.client.api
    command = api.exec_create(id, list(argv), user=user)["Id"]
    out, err = api.exec_start(command, demux=True)
    code = int(api.exec_inspect(command)["ExitCode"] or 0)
    stdout, stderr = (each.decode("utf-8", "replace") if each else "" for each in (out, err))
    if code in (126, NOT_THERE) and any(words in f"{stdout}{stderr}" for words in _NO_PROGRAM):
        return Completed(NOT_THERE, "", stdout + stderr)
    return Completed(code, stdout, stderr)


def get(engine: Engine, id: str, path: str) -> bytes:
    chunks, _ = engine.client.api.get_archive(id, path)
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
        file = archive.extractfile(archive.getmembers()[0])
        if file is None:
            raise ReplicaError(f"{path} is no file")
        return file.read()


def put(engine: Engine, id: str, path: str, data: bytes, mode: int, owner: tuple[int, int]) -> None:
    folder, name = posixpath.split(path)
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(data), mode
    member.uid, member.gid = owner
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.addfile(member, io.BytesIO(data))
    engine.client.api.put_archive(id, folder or "/", archive.getvalue())


def mounts(engine: Engine, container: Container, label: str) -> list[Mount]:
    return [
        Mount(
            str(each.get("Destination", "")),
            str(each.get("Type", "")),
            str(each.get("Name") or each.get("Source") or ""),
            bool(each.get("RW")),
            each.get("Type") == "volume" and _labelled(engine, str(each.get("Name")), label),
        )
        for each in container.data.get("Mounts") or []
    ]


def _labelled(engine: Engine, volume: str, label: str) -> bool:
    with engine.saying(f"looking at the volume {volume}"):
        return (engine.client.api.inspect_volume(volume).get("Labels") or {}).get(DRILL) == label

"""Commands in a container, its files, and what is mounted in it."""

from __future__ import annotations

import io
import posixpath
import re
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from blackstart.errors import ReplicaError
from blackstart.replica.base import Completed
from blackstart.replica.containers.engine import DRILL
from blackstart.replica.waiting import wait_until

if TYPE_CHECKING:
    from blackstart.replica.containers.engine import Engine
    from blackstart.replica.containers.found import Container

__all__ = ["Mount", "exit_code", "fill", "get", "mounts", "put", "room_of", "run", "size"]

NOT_THERE = 127
_FULL = "no space left on device"
_BLOCK = 1 << 20
_SHIFTS = {"": 0, "k": 10, "m": 20, "g": 30}
_NO_PROGRAM = ("executable file not found", "no such file or directory")

EXIT_LIMIT_S = 10.0
"""Seconds for docker to learn of the end of a command whose output is over."""


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
    room: int | None = None
    """How many bytes fit into the volume, where it says so itself: `driver_opts: {o: size=64m}`."""


def run(engine: Engine, id: str, argv: Sequence[str], user: str = "") -> Completed:
    """Run a command to its end, with no input."""
    api = engine.client.api
    command = api.exec_create(id, list(argv), user=user)["Id"]
    out, err = api.exec_start(command, demux=True)
    code = exit_code(engine, command, EXIT_LIMIT_S)
    if code is None:
        raise ReplicaError(
            f"{argv[0]} goes on with its output closed", hint="see what it does in its container"
        )
    stdout, stderr = (each.decode("utf-8", "replace") if each else "" for each in (out, err))
    if code in (126, NOT_THERE) and any(words in f"{stdout}{stderr}" for words in _NO_PROGRAM):
        return Completed(NOT_THERE, "", stdout + stderr)
    return Completed(code, stdout, stderr)


def exit_code(engine: Engine, command: str, limit_s: float) -> int | None:
    """Of a command whose output is over; None when it goes on beyond the limit.

    Docker hands on the end of the output first, and notes the exit code a moment later: till then it shows none.
    """
    shown: dict[str, Any] = {}

    def over() -> bool:
        shown.update(engine.client.api.exec_inspect(command))
        return not shown["Running"]

    return int(shown["ExitCode"] or 0) if wait_until(over, limit_s) else None


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


def fill(engine: Engine, id: str, path: str, size: int) -> None:
    """Docker itself writes it, so the image needs no program. A volume that is full before the end is no error."""
    from docker.errors import APIError

    folder, name = posixpath.split(path)
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o644
    try:
        engine.client.api.put_archive(id, folder, _zeros(member))
    except APIError as error:
        if _FULL not in str(error.explanation):
            raise


def _zeros(member: tarfile.TarInfo) -> Iterator[bytes]:
    """An archive with that file, block by block."""
    yield member.tobuf()
    whole, rest = divmod(member.size, _BLOCK)
    for _ in range(whole):
        yield bytes(_BLOCK)
    yield bytes(rest + -rest % tarfile.BLOCKSIZE + 2 * tarfile.BLOCKSIZE)


def size(engine: Engine, id: str, path: str) -> int:
    from docker.errors import NotFound

    try:
        chunks, about = engine.client.api.get_archive(id, path)
    except NotFound:
        return 0
    chunks.close()  # the answer itself is not read
    return int(about["size"])


def mounts(engine: Engine, container: Container, label: str) -> list[Mount]:
    return [_mount(engine, each, label) for each in container.data.get("Mounts") or []]


def _mount(engine: Engine, told: Mapping[str, Any], label: str) -> Mount:
    kind, volume = str(told.get("Type", "")), str(told.get("Name") or "")
    about = _volume(engine, volume) if kind == "volume" else {}
    return Mount(
        str(told.get("Destination", "")),
        kind,
        volume or str(told.get("Source") or ""),
        bool(told.get("RW")),
        (about.get("Labels") or {}).get(DRILL) == label,
        room_of(about.get("Options") or {}),
    )


def _volume(engine: Engine, name: str) -> dict[str, Any]:
    with engine.saying(f"looking at the volume {name}"):
        return dict(engine.client.api.inspect_volume(name))


def room_of(options: Mapping[str, str]) -> int | None:
    """The size that a volume was made with, as mount(8) writes it: 64m."""
    words = [*options.get("o", "").split(","), f"size={options.get('size', '')}"]
    for word in words:
        if found := re.fullmatch(r"size=(\d+)([kmg]?)", word.lower()):
            return int(found[1]) << _SHIFTS[found[2]]
    return None

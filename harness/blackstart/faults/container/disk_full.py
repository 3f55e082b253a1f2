"""A component's own volume is full."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from blackstart.errors import ReplicaError
from blackstart.faults.container.contained import ContainerFault, container_of, running_container_of
from blackstart.faults.process.standing import bring_back

if TYPE_CHECKING:
    from blackstart.faults.base import Undo
    from blackstart.replica.base import Probe, Replica
    from blackstart.replica.containers.files import Mount
    from blackstart.replica.foreseen import Foreseen

__all__ = ["ContainerDiskFull"]

FILLING = "blackstart-fills-this-volume"
"""The file that takes what is left. Docker's API has no word for removing it: healing leaves it empty."""

MIB = 1 << 20

AT_MOST = 256 * MIB
"""A volume of this machine's memory is filled to the brim: more might hurt the machine."""


class ContainerDiskFull(ContainerFault):
    """One file takes what is left in the volume, until every write fails with ENOSPC.

    Only in a volume of the drill's own that has a size of its own: without one its room is the whole disk of this
    machine, which is never touched.
    """

    name: ClassVar[str] = "container.disk-full"
    summary: ClassVar[str] = "a component's own volume is full: what it must write it refuses"
    turns_red: ClassVar[str] = "{target}-writes"
    seen: ClassVar[str] = (
        "reading works, writing fails: no space left on device, in its answers or its log. Registry: pulls work, "
        f"pushes answer 500. The volume has a file {FILLING}"
    )
    fix: ClassVar[str] = f"remove the file that fills the volume, {FILLING}"
    undone: ClassVar[str] = "empties the file that fills the volume; starts the component if it died of it"
    holds: ClassVar[tuple[str, ...]] = ("{target}/volume",)

    volume: str = Field(
        default="", description="where in the container it is mounted; the only one with a size when left out"
    )

    def prepare(self, replica: Replica, target: str) -> Undo:
        """ReplicaError when it has no volume that can be filled without filling this machine's disk."""
        chosen = self._fillable(target, running_container_of(replica, target).mounts())
        return {"component": target, "file": posixpath.join(chosen.path, FILLING), "room": chosen.room}

    def lacks(self, there: Foreseen) -> str:
        """What it writes to, and a probe that writes: nobody else knows how a component of a user's own does."""
        if not there.mounts:
            return "it has no volume of its own to fill"
        try:
            self._fillable(there.component, there.mounts)
        except ReplicaError as error:
            return f"{error.message}; {error.hint}"
        name = self.probe_name(there.component, there.own_probe)
        return (
            ""
            if name in there.probes
            else f"nobody sees that it cannot write: give it a probe {name} that writes"
        )

    def _fillable(self, target: str, mounts: Sequence[Mount]) -> Mount:
        chosen = self._chosen(target, mounts)
        if chosen.room is None or chosen.room > AT_MOST:
            size = (
                "has no size of its own" if chosen.room is None else f"has room for {chosen.room // MIB} MiB"
            )
            raise ReplicaError(
                f"the volume {chosen.source} of {target} {size}: filling it would fill this machine",
                hint="give it one of at most 256 MiB in the compose file, and something that keeps it mounted: "
                "driver_opts: {type: tmpfs, device: tmpfs, o: size=64m}",
            )
        return chosen

    def _chosen(self, target: str, mounts: Sequence[Mount]) -> Mount:
        """The volume to fill: of the drill, and written by the component."""
        ours = [each for each in mounts if each.ours and each.writable]
        named = [each for each in ours if each.path == self.volume.rstrip("/")] if self.volume else ours
        with_size = [each for each in named if each.room is not None]
        if len(with_size or named) == 1:
            return (with_size or named)[0]
        there = ", ".join(each.path for each in ours) or "none"
        if not named:
            where = f" at {self.volume}" if self.volume else ""
            raise ReplicaError(f"{target} has no volume{where} that it writes", hint=f"it has: {there}")
        raise ReplicaError(f"{target} has several volumes", hint=f"say which by volume: {there}")

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        container = running_container_of(replica, target)
        if container.size(undo["file"]) == 0:
            container.fill(undo["file"], undo["room"])

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        """Empty the file; start the component if it died. ReplicaError when it does not come up."""
        container = container_of(replica, target)
        if container.size(undo["file"]):
            container.put(undo["file"], b"")
        bring_back(replica, target)

    def gone(self, replica: Replica, target: str, undo: Undo) -> bool:
        return replica.running(target) and container_of(replica, target).size(undo["file"]) == 0

    def probe(self, replica: Replica, target: str) -> Probe | None:
        from blackstart.faults.container.questions import writing

        return writing(replica, target)

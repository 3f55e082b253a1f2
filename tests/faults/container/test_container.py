"""What the faults of containers refuse before anything is touched. What they do is in tests/integration/compose."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from blackstart.errors import ReplicaError
from blackstart.faults.container.contained import Contained, container_of
from blackstart.faults.container.cpu_limit import ContainerCpuLimit
from blackstart.faults.container.disconnect import ContainerDisconnect
from blackstart.faults.container.disk_full import FILLING, ContainerDiskFull
from blackstart.faults.container.memory_limit import ContainerMemoryLimit
from blackstart.faults.container.questions import MANY, many, writing
from blackstart.faults.container.restart_loop import ContainerRestartLoop
from blackstart.replica.containers.files import Mount
from blackstart.replica.containers.limits import Limits
from blackstart.testing import FakeReplica, SetProbe

if TYPE_CHECKING:
    from blackstart.faults.base import Fault

MIB = 1 << 20
DISK = Mount("/store", "volume", "disk", writable=True, ours=True, room=64 * MIB)
ENDLESS = Mount("/data", "volume", "endless", writable=True, ours=True)


@dataclass
class Box:
    """A container that answers what a test says."""

    there: list[dict[str, Any]] = field(default_factory=lambda: [{"network": "servers"}])
    most: Limits = field(default_factory=lambda: Limits(1.0, 256 * MIB))
    mounted: list[Mount] = field(default_factory=lambda: [DISK])
    runs: bool = True
    led: bool = True

    def running(self) -> bool:
        return self.runs

    def led_to(self) -> bool:
        return self.led

    def attachments(self) -> list[dict[str, Any]]:
        return self.there

    def limits(self) -> Limits:
        return self.most

    def mounts(self) -> list[Mount]:
        return self.mounted


class Boxes(FakeReplica):
    """A replica of one container, a database."""

    name = "compose"

    def __init__(self, folder: Path, box: Box) -> None:
        super().__init__(["db"], folder)
        self.box = box

    def container(self, component: str) -> Any:
        return self.box


FAULTS: list[Fault] = [
    ContainerCpuLimit(),
    ContainerDisconnect(),
    ContainerDiskFull(),
    ContainerMemoryLimit(),
    ContainerRestartLoop(),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_replica_without_containers_is_refused(tmp_path: Path, fault: Fault) -> None:
    with pytest.raises(ReplicaError, match=r"^the components of the replica fake are no containers$"):
        fault.prepare(FakeReplica(["db"], tmp_path), "db")


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_what_does_not_run_is_refused(tmp_path: Path, fault: Fault) -> None:
    with pytest.raises(ReplicaError, match=r"^the container of db does not run: there is nothing to break$"):
        fault.prepare(Boxes(tmp_path, Box(runs=False)), "db")


def test_a_replica_of_containers_is_one(tmp_path: Path) -> None:
    replica = Boxes(tmp_path, Box())
    assert isinstance(replica, Contained)
    assert container_of(replica, "db").attachments() is replica.box.there


@pytest.mark.parametrize(("there", "led"), [(True, True), (True, False), (False, True)])
def test_off_its_networks_is_over_once_it_is_on_them_and_connections_arrive(
    tmp_path: Path, there: bool, led: bool
) -> None:
    """Docker may have given it another address, where what stands before it does not lead yet."""
    box = Box(led=led)
    replica, fault = Boxes(tmp_path, box), ContainerDisconnect()
    replica.up(lambda what, done, total: None)
    undo = fault.prepare(replica, "db")
    box.there = box.there if there else []
    assert fault.gone(replica, "db", undo) == (there and led)


# --- each refuses what it would not change ------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "box", "why"),
    [
        (ContainerDisconnect(), Box(there=[]), "db is on no network: there is nothing to take it off"),
        (ContainerCpuLimit(), Box(most=Limits(0.01, None)), "db may use 0.01 processors already"),
        (ContainerMemoryLimit(), Box(most=Limits(None, 6 * MIB)), "db has 6 MiB or less already"),
    ],
    ids=lambda each: getattr(each, "name", ""),
)
def test_what_is_so_already_is_refused(tmp_path: Path, fault: Fault, box: Box, why: str) -> None:
    with pytest.raises(ReplicaError, match=f"^{why}"):
        fault.prepare(Boxes(tmp_path, box), "db")


def test_the_undo_has_what_was(tmp_path: Path) -> None:
    replica = Boxes(tmp_path, Box(most=Limits(None, None)))
    assert ContainerCpuLimit().prepare(replica, "db") == {"component": "db", "cpus": None}
    assert ContainerMemoryLimit().prepare(replica, "db") == {"component": "db", "memory": None}
    assert ContainerDisconnect().prepare(replica, "db")["networks"] == [{"network": "servers"}]


@pytest.mark.parametrize(
    ("fault", "params"),
    [
        (ContainerCpuLimit, {"cpus": 0.001}),
        (ContainerCpuLimit, {"cpus": 0.5}),
        (ContainerMemoryLimit, {"left": 5}),
        (ContainerRestartLoop, {"pause": "1s"}),
    ],
)
def test_parameters_that_docker_would_not_take_or_nobody_would_see(
    fault: type[Fault], params: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError):
        fault.model_validate(params)


# --- the volume to fill -------------------------------------------------------------------------


def test_the_volume_with_a_size_is_filled(tmp_path: Path) -> None:
    replica = Boxes(tmp_path, Box(mounted=[ENDLESS, DISK]))
    assert ContainerDiskFull().prepare(replica, "db") == {
        "component": "db",
        "file": f"/store/{FILLING}",
        "room": 64 * MIB,
    }


@pytest.mark.parametrize(
    ("mounted", "volume", "why"),
    [
        (
            [ENDLESS],
            "",
            r"the volume endless of db has no size of its own: filling it would fill this machine",
        ),
        ([DISK, ENDLESS], "/data", r"the volume endless of db has no size of its own"),
        (
            [Mount("/b", "volume", "big", True, True, 512 * MIB)],
            "",
            r"the volume big of db has room for 512 MiB",
        ),
        ([Mount("/b", "bind", "/home", True, False)], "", r"db has no volume that it writes"),
        ([Mount("/b", "volume", "theirs", True, False, MIB)], "", r"db has no volume that it writes"),
        ([Mount("/b", "volume", "read", False, True, MIB)], "", r"db has no volume that it writes"),
        ([DISK], "/other", r"db has no volume at /other that it writes"),
        ([DISK, Mount("/b", "volume", "b", True, True, MIB)], "", r"db has several volumes"),
    ],
)
def test_what_must_not_be_filled_is_refused(
    tmp_path: Path, mounted: list[Mount], volume: str, why: str
) -> None:
    with pytest.raises(ReplicaError, match=f"^{why}"):
        ContainerDiskFull(volume=volume).prepare(Boxes(tmp_path, Box(mounted=mounted)), "db")


def test_how_to_give_a_volume_a_size_is_said(tmp_path: Path) -> None:
    with pytest.raises(ReplicaError) as refused:
        ContainerDiskFull().prepare(Boxes(tmp_path, Box(mounted=[ENDLESS])), "db")
    assert "driver_opts: {type: tmpfs, device: tmpfs, o: size=64m}" in refused.value.hint


# --- the probes ---------------------------------------------------------------------------------


def test_of_a_kind_that_nobody_knows_its_own_probe_is_read_many_times(tmp_path: Path) -> None:
    replica = Boxes(tmp_path, Box())
    own = replica.set_probes["db"]
    probe = many(replica, "db", 5.0)
    assert (probe.name, probe.read().state) == ("db-latency", "green")
    own.turn("red", "no answer")
    own.turns_after = MANY
    assert (probe.read().state, probe.read().reason) == ("red", "no answer")


def test_a_replica_may_bring_the_probe_that_writes(tmp_path: Path) -> None:
    replica = Boxes(tmp_path, Box())
    with pytest.raises(ReplicaError, match=r"^nobody knows how to see that db cannot write: ") as refused:
        writing(replica, "db")
    assert "db-writes" in refused.value.hint
    replica.set_probes["db-writes"] = SetProbe("db-writes", subject="db")
    assert writing(replica, "db") is None

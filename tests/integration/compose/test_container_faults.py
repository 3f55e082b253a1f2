"""The faults of containers, on a small platform of real images: a name server, and a registry with a disk of its own."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blackstart import watchdog
from blackstart.faults.container.cpu_limit import ContainerCpuLimit
from blackstart.faults.container.disconnect import ContainerDisconnect
from blackstart.faults.container.disk_full import ContainerDiskFull
from blackstart.faults.container.memory_limit import ContainerMemoryLimit
from blackstart.faults.container.restart_loop import ContainerRestartLoop
from blackstart.faults.contract import LIMIT_S, prove_fault
from blackstart.faults.process.kill import ProcessKill
from blackstart.faults.process.pause import ProcessPause
from blackstart.faults.process.stop import ProcessStop
from blackstart.replica.asking import AskingProbe, Refused
from blackstart.replica.base import Component
from blackstart.replica.containers.project import Project
from blackstart.replica.containers.server import ContainerServer
from blackstart.replica.ports import free_ports
from blackstart.replica.programs.dnsclient import ask
from blackstart.replica.programs.httpclient import request
from blackstart.replica.waiting import wait_until
from blackstart.testing import FakeReplica

from .conftest import quiet

if TYPE_CHECKING:
    from blackstart.faults.base import Fault
    from blackstart.replica.base import Probe, Replica
    from blackstart.replica.containers.engine import Engine

ROOT = Path(__file__).parents[3]

COREFILE = '.:53 {\n  template ANY ANY {\n    answer "{{ .Name }} 5 IN SOA a. b. 1 2 3 4 5"\n  }\n}\n'
STORE = "/var/lib/registry"
CONFIG = {
    "version": 0.1,
    "storage": {"filesystem": {"rootdirectory": STORE}},
    "http": {"addr": ":5000"},
}


class Small(FakeReplica):
    """Two containers. What the faults of containers ask of a replica is real, the rest is the fake's."""

    name = "compose"

    def __init__(self, project: Project, engine: Engine, ports: Mapping[str, int], folder: Path) -> None:
        super().__init__(list(ports), folder, project.label)
        self.ports = ports
        self.boxes = {
            name: ContainerServer(name, engine, project.label, project.name, folder) for name in ports
        }

    def components(self) -> Mapping[str, Component]:
        return {
            name: Component(name, name, "1", f"127.0.0.1:{port}", self.boxes[name].pid)
            for name, port in self.ports.items()
        }

    def container(self, component: str) -> ContainerServer:
        return self.boxes[component]

    def probes(self) -> Sequence[Probe]:
        return [
            AskingProbe("registry", "component", "registry", self._page),
            AskingProbe("dns", "component", "dns", self._name),
            AskingProbe("registry-writes", "component", "registry", self._upload),
        ]

    def _at(self, component: str) -> tuple[str, int]:
        return "127.0.0.1", self.ports[component]

    def _page(self, limit_s: float) -> None:
        answer = request(self._at("registry"), "GET", "/v2/", timeout_s=limit_s)
        if not answer.ok:
            raise Refused(answer.complaint())

    def _name(self, limit_s: float) -> None:
        if not ask(self._at("dns"), "platform.test", "SOA", timeout_s=limit_s).answers:
            raise Refused("no answer")

    def _upload(self, limit_s: float) -> None:
        answer = request(self._at("registry"), "POST", "/v2/probe/blobs/uploads/", timeout_s=limit_s)
        if not answer.ok:
            raise Refused(answer.complaint())

    def running(self, component: str) -> bool:
        return self.boxes[component].running()

    def paused(self, component: str) -> bool:
        return self.boxes[component].paused()

    def start(self, component: str) -> None:
        self.boxes[component].start()

    def stop(self, component: str) -> None:
        self.boxes[component].stop()

    def kill(self, component: str) -> None:
        self.boxes[component].kill()

    def pause(self, component: str) -> None:
        self.boxes[component].pause()

    def resume(self, component: str) -> None:
        self.boxes[component].resume()


def image(variable: str) -> str:
    """A pinned tag of `.env`."""
    lines = (ROOT / ".env").read_text("utf-8").splitlines()
    return next(line.partition("=")[2] for line in lines if line.startswith(f"{variable}="))


def services(folder: Path, ports: Mapping[str, int]) -> dict[str, object]:
    return {
        "dns": {
            "labels": {"blackstart.component": "dns"},
            "image": image("COREDNS_IMAGE"),
            "command": ["-conf", "/Corefile"],
            "volumes": [f"{folder / 'Corefile'}:/Corefile:ro"],
            "ports": [f"127.0.0.1:{ports['dns']}:53/udp", f"127.0.0.1:{ports['dns']}:53/tcp"],
            "networks": {"servers": {"aliases": ["names"]}},
        },
        "registry": {
            "labels": {"blackstart.component": "registry"},
            "image": image("REGISTRY_IMAGE"),
            "command": ["serve", "/config.yml"],
            "environment": {"OTEL_TRACES_EXPORTER": "none"},
            "volumes": [f"{folder / 'config.yml'}:/config.yml:ro", f"store:{STORE}", "endless:/data"],
            "ports": [f"127.0.0.1:{ports['registry']}:5000"],
            "networks": ["servers", "others"],
            "read_only": True,
            "cpus": 0.5,
            "mem_limit": "128m",
        },
    }


@pytest.fixture(scope="module")
def small(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    folder = tmp_path_factory.mktemp("small")
    ports = dict(zip(("dns", "registry"), free_ports(2), strict=True))
    (folder / "Corefile").write_text(COREFILE)
    (folder / "config.yml").write_text(json.dumps(CONFIG))
    store = {"driver_opts": {"type": "tmpfs", "device": "tmpfs", "o": "size=16m"}}
    whole = {
        "services": services(folder, ports),
        "networks": {"servers": {}, "others": {}},
        "volumes": {"store": store, "endless": {}},
    }
    (folder / "docker-compose.yml").write_text(json.dumps(whole))
    name = f"try-h-{secrets.token_hex(4)}"
    project = Project(engine, name, [folder / "docker-compose.yml"], {}, f"drill-{name}", folder / "replica")
    try:
        project.up(quiet)
        yield Small(project, engine, ports, folder / "replica")
    finally:
        watchdog.kill(project.label)  # what restarts a container over and over, when a test has failed
        project.down()


@pytest.fixture
def replica(small: Small) -> Iterator[Small]:
    """Whoever breaks it mends it."""
    yield small
    for probe in small.probes():
        assert wait_until(lambda probe=probe: probe.read().state == "green", LIMIT_S), probe.name  # type: ignore[misc]


CASES: list[tuple[Fault, str]] = [
    (ContainerDisconnect(), "dns"),
    (ContainerDisconnect(), "registry"),
    (ContainerCpuLimit(), "dns"),
    (ContainerCpuLimit(), "registry"),
    (ContainerMemoryLimit(), "dns"),
    (ContainerMemoryLimit(), "registry"),
    (ContainerRestartLoop.model_validate({"alive": "0.5s", "pause": "1.5s"}), "dns"),
    (ContainerRestartLoop(), "registry"),
    (ContainerDiskFull(), "registry"),
    (ProcessKill(), "dns"),
    (ProcessStop(), "registry"),
    (ProcessPause(), "registry"),
]


@pytest.mark.parametrize(("fault", "target"), CASES, ids=lambda each: getattr(each, "name", each))
def test_it_keeps_its_contract(replica: Small, engine: Engine, fault: Fault, target: str) -> None:
    def another() -> Replica:
        other = Small.__new__(Small)
        other.__dict__.update(replica.__dict__)
        return other

    prove_fault(fault, replica, target, another=another)

"""What the compose replica tells by itself: deaths by hand, a daemon that goes. `test_crews.py` has the pages."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest

from blackstart.drill.active import SERVERS_GONE
from blackstart.drill.folder import label_of
from blackstart.events import ComponentExited, ContainerChanged, DrillEnded, FaultProven
from blackstart.faults.ledger import Ledger
from blackstart.record.reader import read
from blackstart.replica.containers.engine import COMPONENT, DRILL
from blackstart.replica.layout import COMPONENTS

from ..conftest import PROGRAM, ROOT
from ..test_endings import await_event, ended, folder_of

if TYPE_CHECKING:
    from blackstart.chain import Body
    from blackstart.replica.containers.engine import Engine

B = TypeVar("B", bound="Body")

KILLED = "by docker kill of somebody unknown: signal 9 (exit code 137; not by blackstart, not out of memory)"
REMOVED = "as it was removed by docker rm of somebody unknown, not by blackstart"


@pytest.fixture
def plan(engine: Engine, tmp_path: Path) -> Path:
    """A plan of the first scenario, which allows what else runs here: other tests' containers may look like targets."""
    written = tmp_path / "plan.yaml"
    allowed = [each.name for each in engine.strangers(COMPONENTS)]
    document = {
        "kind": "plan",
        "title": "try",
        "replica": "compose",
        "docker": {"strangers": allowed},
        "drills": [{"scenario": "vault/auth-503"}],
    }
    written.write_text(json.dumps(document))  # which is YAML too
    return written


@contextmanager
def drilling(plan: Path, reports: Path, *words: str, **env: str) -> Iterator[subprocess.Popen[str]]:
    """A drill in containers. One that the test did not see to its end is ended as people do."""
    process = subprocess.Popen(
        [PROGRAM, "run", plan, "--root", ROOT, "--reports-dir", reports, *words],
        env=os.environ | env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
        assert process.stdout is not None
        process.stdout.close()


def bodies(folder: Path, kind: type[B]) -> list[B]:
    return [event.body for event in read(folder) if isinstance(event.body, kind)]


def left(engine: Engine, folder: Path) -> list[str]:
    return [str(each["Names"]) for each in engine.containers({DRILL: label_of(folder)})]


def test_a_target_that_is_killed_by_hand_is_seen_as_what_it_is(
    engine: Engine, plan: Path, tmp_path: Path
) -> None:
    """The fault is on it already: that explains a sealed Vault, and no dead one."""
    with drilling(plan, tmp_path, "--pace", "30") as process:
        folder = folder_of(tmp_path)
        await_event(folder, "fault.effective")
        (vault,) = engine.containers({DRILL: label_of(folder), COMPONENT: "vault"})
        subprocess.run(["docker", "kill", vault["Id"]], check=True, capture_output=True)
        printed = ended(process)
    assert process.returncode == 3, printed
    assert f"vault ended {KILLED}" in " ".join(printed.split())
    (exited,) = bodies(folder, ComponentExited)
    assert (exited.component, exited.code, exited.how) == ("vault", -9, KILLED)
    of_vault = [each for each in bodies(folder, ContainerChanged) if each.component == "vault"]
    ends = [(each.what, each.asked) for each in of_vault if each.what in ("kill", "die")]
    assert ends[:2] == [("kill", False), ("die", False)]
    assert left(engine, folder) == []


@pytest.mark.parametrize(
    ("component", "docker", "how"),
    [("toxiproxy", ["kill"], KILLED), ("vault", ["rm", "--force"], REMOVED)],
    ids=["machinery", "a target that is removed"],
)
def test_what_nobody_can_start_again_ends_the_drill_and_takes_its_faults_with_it(
    engine: Engine, plan: Path, tmp_path: Path, component: str, docker: list[str], how: str
) -> None:
    with drilling(plan, tmp_path, "--pace", "30") as process:
        folder = folder_of(tmp_path)
        await_event(folder, "fault.effective")
        (found,) = engine.containers({DRILL: label_of(folder), COMPONENT: component})
        subprocess.run(["docker", *docker, found["Id"]], check=True, capture_output=True)
        printed = ended(process)
    assert process.returncode == 3, printed
    assert f"{component} ended {how}" in " ".join(printed.split())
    told = bodies(folder, ComponentExited)
    assert [(each.component, each.code, each.how) for each in told] == [(component, -9, how)]
    assert (folder / "logs" / f"{component}.log").is_file()
    assert [each.probe for each in bodies(folder, FaultProven)] == [SERVERS_GONE]
    assert (Ledger(folder).open_rows(), left(engine, folder)) == ([], [])


class Relay:
    """A socket through which docker is reached until the test cuts it: a daemon that dies, for whoever uses it."""

    def __init__(self, listens: Path, docker: str) -> None:
        self.host = f"unix://{listens}"
        self._docker = docker
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(listens))
        self._server.listen(64)
        self._pairs: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client = self._server.accept()[0]
                behind = socket.socket(socket.AF_UNIX)
                behind.connect(self._docker)
                self._pairs += [client, behind]
                for one, other in ((client, behind), (behind, client)):
                    threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)

    def cut(self) -> None:
        """Nobody listens any more, and every connection ends."""
        for each in [self._server, *self._pairs]:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


def test_a_daemon_that_dies_is_on_record_and_recover_works_when_it_is_back(
    engine: Engine, plan: Path, tmp_path: Path
) -> None:
    way = tmp_path / "docker.sock"
    relay = Relay(way, engine.endpoint.socket)
    with drilling(plan, tmp_path, "--pace", "30", DOCKER_HOST=relay.host) as process:
        folder = folder_of(tmp_path)
        await_event(folder, "fault.effective")
        relay.cut()
        printed = ended(process)
    assert process.returncode == 5, printed
    assert "Traceback" not in printed
    assert bodies(folder, ContainerChanged)[-1].what == "daemon-gone"
    (over,) = bodies(folder, DrillEnded)
    assert (over.reason, "docker" in over.why) == ("invalid", True), over.why
    way.unlink()
    again = Relay(way, engine.endpoint.socket)
    done = subprocess.run(
        [PROGRAM, "recover", "--reports-dir", tmp_path],
        env=os.environ | {"DOCKER_HOST": again.host},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    again.cut()
    assert done.returncode == 0, done.stdout + done.stderr
    assert left(engine, folder) == []

"""After the harness's death no container of its drill is left running, paused or disconnected; all others are."""

from __future__ import annotations

import json
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blackstart import watchdog
from blackstart.replica.containers.sweep import Docker, mend, sweep
from blackstart.replica.waiting import wait_until

from .conftest import LIMIT_S, WAITS, quiet

if TYPE_CHECKING:
    from blackstart.replica.containers.engine import Engine
    from blackstart.replica.containers.project import Project
    from blackstart.replica.containers.server import ContainerServer

    Make = Callable[..., Project]
    Serve = Callable[..., ContainerServer]

HARNESS = """
import sys, time
from blackstart import watchdog
watch = watchdog.start(sys.argv[1], sys.argv[2])
print(watch.pid, flush=True)
time.sleep(600)
"""


LOOPS_LATER = "while [ ! -e /loops ]; do sleep 0.05; done; exit 1"
"""What would loop from its start would not let the project come up."""


@pytest.fixture
def broken(make: Make, serve: Serve) -> Project:
    """Three containers: one is paused, one taken off its network, one runs in a crash loop of docker's making."""
    project = make(
        {
            "paused": {"command": WAITS},
            "apart": {"command": WAITS, "networks": {"net": {"aliases": ["other"]}}},
            "loop": {"command": ["sh", "-c", LOOPS_LATER], "restart": "always"},
        },
        networks={"net": {}},
    )
    project.up(quiet)
    serve(project, "loop").exec(["touch", "/loops"])
    serve(project, "paused").pause()
    serve(project, "apart").disconnect("net")
    return project


@pytest.fixture
def docker(engine: Engine) -> Docker:
    return Docker(engine.endpoint.socket)


@pytest.fixture
def harness(broken: Project) -> Iterator[subprocess.Popen[bytes]]:
    """A harness with a watchdog on the broken project's drill."""
    words = [sys.executable, "-c", HARNESS, broken.label, str(broken.folder.parent)]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        yield process
        process.kill()


def at_rest(project: Project, serve: Serve) -> bool:
    """Whether none runs, waits or is off its network."""
    found = [serve(project, name).look() for name in ("paused", "apart", "loop")]
    whole = all(each.networks for each in found)
    return whole and not any(each.state["Running"] or each.paused for each in found)


def test_what_a_killed_harness_leaves(
    harness: subprocess.Popen[bytes], broken: Project, serve: Serve
) -> None:
    harness.send_signal(signal.SIGKILL)
    harness.wait()
    assert wait_until(lambda: at_rest(broken, serve), LIMIT_S)
    folder = broken.folder.parent
    assert watchdog.finished(folder, LIMIT_S)
    log = (folder / "watchdog.log").read_text()
    assert "ended the containers: apart, loop, paused\n" in log
    assert broken.counts().containers == 3  # resume and recover go on from there
    (attachment,) = serve(broken, "apart").attachments()
    assert {"apart", "other"} <= set(attachment["aliases"])


def test_what_is_mended_at_once(broken: Project, serve: Serve, docker: Docker) -> None:
    assert mend(docker, broken.label, str(broken.folder)) == ""
    assert serve(broken, "apart").attachments()
    assert not serve(broken, "paused").paused()
    assert serve(broken, "paused").running()


def test_a_second_sweep_finds_nothing_to_do(broken: Project, serve: Serve, docker: Docker) -> None:
    sweep(docker, broken.label, str(broken.folder))
    assert at_rest(broken, serve)
    assert sweep(docker, broken.label, str(broken.folder)).startswith("ended the containers")
    assert at_rest(broken, serve)


def test_other_drills_are_left_alone(broken: Project, make: Make, serve: Serve, docker: Docker) -> None:
    other = make({"one": {"command": WAITS}})
    other.up(quiet)
    sweep(docker, broken.label, str(broken.folder))
    assert serve(other).running()


def test_a_hand_edited_state_reconnects_to_no_strange_network(
    broken: Project, serve: Serve, docker: Docker, engine: Engine
) -> None:
    name = f"try-c-strange-{secrets.token_hex(4)}"
    network = engine.client.api.create_network(name)["Id"]
    try:
        state = broken.folder / "run" / "apart.json"
        state.write_text(json.dumps({"service": "apart", "apart": {"x": {"network": name, "aliases": []}}}))
        said = sweep(docker, broken.label, str(broken.folder))
        assert f"apart: the network {name} is not this drill's" in said
        assert not engine.client.api.inspect_network(network)["Containers"]
        assert not serve(broken, "apart").running()  # it is ended all the same
    finally:
        engine.client.api.remove_network(network)


def test_without_a_label_nothing_is_swept(docker: Docker, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="label"):
        sweep(docker, "", str(tmp_path))


def test_a_docker_that_is_gone_is_said(tmp_path: Path) -> None:
    (tmp_path / "docker.json").write_text(json.dumps({"host": f"unix://{tmp_path}/nobody.sock"}))
    program = Path(watchdog.__file__).parent / "replica" / "containers" / "sweep.py"
    words = [sys.executable, "-I", "-S", str(program), "some-label", str(tmp_path)]
    done = subprocess.run(words, input="", capture_output=True, text=True, check=True)
    assert "its containers may still run" in done.stdout
    assert "blackstart recover" in done.stdout

"""Real docker for these tests: projects of a throw-away image that is made here, from this machine's own programs.

Without docker they are skipped, with one line; with BLACKSTART_REQUIRE=docker that is a failure.
"""

from __future__ import annotations

import fcntl
import io
import json
import os
import secrets
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from blackstart.errors import BlackstartError
from blackstart.replica.compose import ComposeReplica
from blackstart.replica.containers.cli import plugin_version
from blackstart.replica.containers.engine import Engine
from blackstart.replica.containers.project import Project
from blackstart.replica.containers.server import ContainerServer
from blackstart.replica.waiting import wait_until

from ...conftest import left_red

REQUIRED = "docker" in os.environ.get("BLACKSTART_REQUIRE", "").split(",")

IMAGE = "blackstart-test:1"
"""A shell and a few commands; nothing of it is pulled."""

COMMANDS = ("sh", "sleep", "cat", "echo", "true", "ls", "rm", "dd", "id", "touch", "yes")

WAITS = ["sh", "-c", "trap 'exit 0' TERM; echo it runs; while :; do sleep 0.05; done"]
"""The words of a container that runs until it is asked to end: once it has said so, it can be."""

LIMIT_S = 60.0
"""Real seconds for a container to say something, on a machine that is busy with other things."""


def quiet(what: str, done: int, total: int) -> None:
    """A progress callback for those who do not look."""


STARTS_S = 600
"""Real seconds for a test that starts the whole platform, perhaps twice, each of which may take `UP_LIMIT_S`."""


def pytest_itemcollected(item: pytest.Item) -> None:
    """Every test of this folder needs docker, and some of them start a lot of it."""
    if Path(__file__).parent in item.path.parents:
        item.add_marker(pytest.mark.docker)
        item.add_marker(pytest.mark.timeout(STARTS_S))


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """This machine's docker. Without one the tests are skipped, or fail when BLACKSTART_REQUIRE has `docker`."""
    try:
        connected = Engine.connect()
        plugin_version()
    except BlackstartError as error:
        if REQUIRED:
            pytest.fail(f"docker is required here: {error.message}; {error.hint}")
        pytest.skip(f"needs docker: {error.message}")
    yield connected
    connected.close()


@pytest.fixture(scope="session")
def image(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An image with a shell, made of this machine's programs and the libraries that they need.

    Made once: a second one would take the tag from under the containers of whoever tests beside us.
    """
    with (tmp_path_factory.getbasetemp().parent / "blackstart-test.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not engine.client.images.list(name=IMAGE):
            engine.client.api.import_image(src=_root(), repository="blackstart-test", tag="1")
    return IMAGE


def _root() -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", dereference=True) as tar:
        for name in COMMANDS:
            if found := shutil.which(name):
                tar.add(found, f"bin/{name}")
        for library in sorted({each for name in COMMANDS for each in _libraries(name)}):
            tar.add(library, library.lstrip("/"))
        for folder in ("tmp", "data", "etc"):
            member = tarfile.TarInfo(folder)
            member.type, member.mode = tarfile.DIRTYPE, 0o777
            tar.addfile(member)
    return archive.getvalue()


def _libraries(command: str) -> list[str]:
    """The files that a program of this machine is linked with."""
    done = subprocess.run(
        ["ldd", shutil.which(command) or command], capture_output=True, text=True, check=False
    )
    return [word for word in done.stdout.split() if word.startswith("/")]


Make = Callable[..., Project]
Serve = Callable[..., ContainerServer]


@pytest.fixture
def make(engine: Engine, image: str, tmp_path: Path) -> Iterator[Make]:
    """Makes projects of services; whatever became of them, nothing is left at the end."""
    with ExitStack() as ends:

        def project(services: Mapping[str, Any], **more: Any) -> Project:
            name = f"try-c-{secrets.token_hex(4)}"
            file = tmp_path / name / "docker-compose.yml"
            file.parent.mkdir()
            whole = {each: {"image": image, **words} for each, words in services.items()}
            file.write_text(json.dumps({"services": whole, **more}))
            made = Project(engine, name, [file], {}, f"drill-{name}", tmp_path / name / "replica")
            ends.callback(made.down)
            return made

        yield project


@pytest.fixture
def running(make: Make, serve: Serve) -> Project:
    """A project of one service, `one`, that runs, has said so, and ends when it is asked to."""
    project = make({"one": {"command": WAITS}})
    project.up(quiet)
    await_words(serve(project))
    return project


def await_words(server: ContainerServer, words: str = "it runs") -> None:
    """Docker takes a container for running before its program has done anything."""
    assert wait_until(lambda: server.says([words]), LIMIT_S), server.log.read_text()


@pytest.fixture(scope="session")
def running_stack(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComposeReplica]:
    """The whole compose replica, for all tests that need it. They take it by `stack`, which sees that it stays whole."""
    folder = tmp_path_factory.mktemp("stack")
    whole = ComposeReplica(folder, f"try-{secrets.token_hex(4)}", ["ic-1", "sme-1"])
    try:
        whole.up(quiet)
        yield whole
    finally:
        whole.down()


@pytest.fixture
def stack(running_stack: ComposeReplica) -> Iterator[ComposeReplica]:
    """The running compose replica. Whoever breaks it mends it: a test that leaves a probe red fails."""
    yield running_stack
    if left := left_red(running_stack):
        running_stack.up(quiet)
        pytest.fail(f"the replica is not whole after this test: {left}")


@pytest.fixture
def serve(engine: Engine) -> Serve:
    """A service of a project as a server."""

    def server(project: Project, name: str = "one", label: str = "") -> ContainerServer:
        return ContainerServer(name, engine, label or project.label, project.name, project.folder)

    return server

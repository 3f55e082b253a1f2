"""What happens to a drill's containers is told as it happens, with who asked for it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from blackstart.replica.containers.endpoint import Endpoint
from blackstart.replica.containers.engine import Engine
from blackstart.replica.containers.events import Happening, Happenings
from blackstart.replica.waiting import wait_until

from .conftest import LIMIT_S

if TYPE_CHECKING:
    from blackstart.replica.containers.project import Project
    from blackstart.replica.containers.server import ContainerServer

    Serve = Callable[..., ContainerServer]


@pytest.fixture
def one(running: Project, serve: Serve) -> ContainerServer:
    return serve(running)


@pytest.fixture
def seen(running: Project, engine: Engine) -> Iterator[list[Happening]]:
    """What has happened since the project is up."""
    told: list[Happening] = []
    happenings = Happenings(engine, running.label, told.append).start()
    yield told
    happenings.close()
    happenings.close()


def whats(told: list[Happening]) -> list[str]:
    return [each.what for each in told]


STOPPED = {"die", "stop"}
"""What docker tells at the end of a stop, in either order."""


def short(told: list[Happening]) -> list[tuple[str, int | None, str, bool]]:
    return [(each.what, each.exit_code, each.detail, each.asked) for each in told]


def test_a_kill_by_hand_is_seen_as_what_it_is(
    seen: list[Happening], one: ContainerServer, engine: Engine
) -> None:
    engine.client.api.kill(one.look().id)
    assert wait_until(lambda: len(seen) == 2, LIMIT_S)
    assert short(seen) == [("kill", None, "9", False), ("die", 137, "", False)]
    assert {(each.component, each.service, each.container) for each in seen} == {
        ("one", "one", one.look().id)
    }


def test_what_the_harness_asked_for_is_known(seen: list[Happening], one: ContainerServer) -> None:
    one.pause()
    one.resume()
    one.connect(one.disconnect("default"))
    one.stop(LIMIT_S)  # however long it takes, it is not killed
    one.start()
    assert wait_until(lambda: "start" in whats(seen), LIMIT_S)
    assert whats(seen)[:5] == ["pause", "unpause", "disconnect", "connect", "kill"]
    assert set(whats(seen)[5:7]) == STOPPED
    assert whats(seen)[7:] == ["start"]
    assert all(each.asked for each in seen)


def test_after_its_start_a_death_is_news_again(
    seen: list[Happening], one: ContainerServer, engine: Engine
) -> None:
    one.kill()
    one.start()
    engine.client.api.kill(one.look().id)
    assert wait_until(lambda: [each.what for each in seen].count("die") == 2, LIMIT_S)
    assert [(each.what, each.asked) for each in seen] == [
        ("kill", True),
        ("die", True),
        ("start", True),
        ("kill", False),
        ("die", False),
    ]


def test_pausing_and_parting_by_hand(
    seen: list[Happening], one: ContainerServer, engine: Engine, running: Project
) -> None:
    api, id = engine.client.api, one.look().id
    api.pause(id)
    api.unpause(id)
    api.disconnect_container_from_network(id, f"{running.name}_default")
    one.stop(LIMIT_S)  # however long it takes, it is not killed
    assert wait_until(lambda: set(whats(seen)) >= STOPPED, LIMIT_S)
    assert short(seen)[:3] == [
        ("pause", None, "", False),
        ("unpause", None, "", False),
        ("disconnect", None, f"{running.name}_default", False),
    ]
    assert whats(seen)[3] == "kill"
    assert set(whats(seen)[4:]) == STOPPED


def test_other_drills_are_not_told_of(
    seen: list[Happening], one: ContainerServer, engine: Engine, image: str
) -> None:
    other = engine.client.api.create_container(
        image, ["sleep", "600"], labels={"blackstart.drill": "another"}
    )
    try:
        engine.client.api.start(other["Id"])
    finally:
        engine.client.api.remove_container(other["Id"], force=True)
    one.pause()
    one.resume()
    assert wait_until(lambda: len(seen) == 2, LIMIT_S)
    assert [each.what for each in seen] == ["pause", "unpause"]


def test_what_nobody_is_told_is_kept(running: Project, one: ContainerServer, engine: Engine) -> None:
    happenings = Happenings(engine, running.label).start()
    try:
        one.pause()
        found: list[Happening] = []

        def told() -> bool:
            found.extend(happenings.drain())
            return bool(found)

        assert wait_until(told, LIMIT_S)
        assert [each.what for each in found] == ["pause"]
        assert happenings.drain() == []
    finally:
        happenings.close()
        one.resume()


class Between:
    """A socket before docker's own, which a test cuts and opens again: to its clients docker goes away and comes back."""

    def __init__(self, path: Path, docker: str) -> None:
        self.path, self._docker = path, docker
        self._ends: list[socket.socket] = []
        self.open()

    def open(self) -> None:
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(self.path))
        self._server.listen()
        Thread(target=self._accept, args=(self._server,), daemon=True).start()

    def cut(self) -> None:
        self.path.unlink(missing_ok=True)
        for each in (self._server, *self._ends):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._ends.clear()

    def _accept(self, server: socket.socket) -> None:
        with suppress(OSError):  # it was cut
            while True:
                near, far = server.accept()[0], socket.socket(socket.AF_UNIX)
                far.connect(self._docker)
                self._ends += [near, far]
                for one, other in ((near, far), (far, near)):
                    Thread(target=self._carry, args=(one, other), daemon=True).start()

    @staticmethod
    def _carry(one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)


@pytest.fixture
def between(engine: Engine, tmp_path: Path) -> Iterator[Between]:
    made = Between(tmp_path / "d.sock", engine.endpoint.socket)
    yield made
    made.cut()


def test_a_docker_that_goes_away_is_told_once_and_followed_again(
    running: Project, one: ContainerServer, engine: Engine, between: Between
) -> None:
    through = Engine.connect(endpoint=Endpoint("between", f"unix://{between.path}"))
    told: list[Happening] = []
    happenings = Happenings(through, running.label, told.append).start()
    try:
        one.pause()
        assert wait_until(lambda: bool(told), LIMIT_S)
        between.cut()
        assert wait_until(lambda: told[-1].what == "daemon-gone", LIMIT_S)
        one.resume()
        between.open()
        assert wait_until(lambda: told[-1].what == "unpause", LIMIT_S)  # which happened meanwhile
        assert [each.what for each in told] == ["pause", "daemon-gone", "daemon-back", "unpause"]
    finally:
        happenings.close()
        through.close()

"""One compose project a drill: it comes up with the label on everything, and goes away with nothing left."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from blackstart.errors import MissingTool, ReplicaError, UsageError
from blackstart.replica.containers import project as module
from blackstart.replica.containers.engine import PROJECT, PortInUse
from blackstart.replica.containers.note import Note
from blackstart.replica.containers.project import STOPPING
from blackstart.replica.containers.removal import Counts
from blackstart.replica.waiting import wait_until

from .conftest import LIMIT_S, WAITS, await_words, quiet

if TYPE_CHECKING:
    from blackstart.replica.containers.engine import Engine
    from blackstart.replica.containers.project import Project
    from blackstart.replica.containers.server import ContainerServer

    Make = Callable[..., Project]
    Serve = Callable[..., ContainerServer]


def made_by_compose(engine: Engine, project: Project) -> list[str]:
    """What this docker has of the project by compose's own label, whatever else it carries; others test beside us."""
    api, own = engine.client.api, {"label": f"{PROJECT}={project.name}"}
    containers = api.containers(all=True, filters=own)
    listed = [*containers, *api.networks(filters=own), *(api.volumes(filters=own)["Volumes"] or [])]
    return [str(each.get("Id") or each.get("Name")) for each in listed]


def is_there(engine: Engine, volume: str) -> bool:
    return volume in {each["Name"] for each in engine.client.api.volumes()["Volumes"] or []}


# --- up ---------------------------------------------------------------------------------------------


def test_everything_that_up_makes_has_the_label(make: Make, engine: Engine) -> None:
    project = make(
        {
            "one": {"command": WAITS, "volumes": ["kept:/data"]},
            "two": {"command": WAITS, "networks": ["own"]},
        },
        networks={"own": {}},
        volumes={"kept": {}},
    )
    project.up(quiet)
    assert project.counts() == Counts(containers=2, networks=2, volumes=1)
    image = engine.client.images.get("blackstart-test:1").id
    assert project.images() == {"one": image, "two": image}


def test_it_says_what_it_waits_for(make: Make, serve: Serve) -> None:
    """It is healthy only once that was said, however late somebody looks."""
    said: list[tuple[str, int, int]] = []
    check = {"test": ["CMD", "sh", "-c", "[ -e /data/well ]"], "interval": "100ms", "retries": 1000}
    project = make({"one": {"command": WAITS, "healthcheck": check}})

    def told(*news: Any) -> None:
        said.append(news)
        if news[0] == "waiting for one":
            await_words(serve(project))
            serve(project).put("/data/well", b"")

    project.up(told)
    assert said == [("waiting for one", 0, 1), ("all are up", 1, 1)]


def test_what_is_to_run_once_may_end(make: Make) -> None:
    project = make(
        {
            "seed": {"command": ["true"]},
            "one": {
                "command": WAITS,
                "depends_on": {"seed": {"condition": "service_completed_successfully"}},
            },
        }
    )
    project.up(quiet)
    assert project.counts().containers == 2


def test_it_comes_up_again_after_everything_was_killed(make: Make, serve: Serve) -> None:
    project = make({"one": {"command": WAITS}, "two": {"command": WAITS}})
    project.up(quiet)
    before = serve(project).look()
    for name in ("one", "two"):
        serve(project, name).kill()
    project.up(quiet)
    after = serve(project).look()
    assert (after.id, after.runs) == (before.id, True)


def test_an_external_network_stays_its_owners(make: Make, engine: Engine) -> None:
    name = f"try-c-external-{secrets.token_hex(4)}"
    network = engine.client.api.create_network(name)["Id"]
    try:
        project = make(
            {"one": {"command": WAITS, "networks": ["theirs"]}},
            networks={"theirs": {"external": True, "name": name}},
        )
        project.up(quiet)
        assert project.down() == Counts(1, 0, 0)
        assert engine.client.api.inspect_network(network)["Name"] == name
    finally:
        engine.client.api.remove_network(network)


# --- down -------------------------------------------------------------------------------------------


def test_down_leaves_nothing_and_may_be_called_again(make: Make, serve: Serve, engine: Engine) -> None:
    project = make({"one": {"command": WAITS, "volumes": ["kept:/data", "/tmp"]}}, volumes={"kept": {}})
    project.up(quiet)
    (unnamed,) = [each.source for each in serve(project).mounts() if each.path == "/tmp"]
    assert is_there(engine, unnamed)
    assert len(made_by_compose(engine, project)) >= 3
    (project.folder.parent / "docker-compose.yml").unlink()  # down needs no file
    assert project.down() == Counts(1, 1, 1)
    assert project.down() == Counts(0, 0, 0)
    assert not project.counts()
    assert made_by_compose(engine, project) == []
    assert not is_there(engine, unnamed)


def test_down_takes_what_is_paused_and_what_is_dead(make: Make, serve: Serve) -> None:
    project = make({"one": {"command": WAITS}, "two": {"command": WAITS}})
    project.up(quiet)
    serve(project, "one").pause()
    serve(project, "two").kill()
    project.down()
    assert not project.counts()


def test_two_drills_side_by_side_do_not_touch_each_other(make: Make, serve: Serve) -> None:
    one, other = make({"one": {"command": WAITS}}), make({"one": {"command": WAITS}})
    one.up(quiet)
    other.up(quiet)
    serve(one).kill()
    one.down()
    assert serve(other).running()
    assert other.counts() == Counts(1, 1, 0)


def test_a_stranger_on_its_network_is_named_and_left_alone(running: Project, engine: Engine) -> None:
    stranger = engine.client.api.create_container("blackstart-test:1", WAITS, labels={"whose": "somebody's"})
    network = f"{running.name}_default"
    engine.client.api.connect_container_to_network(stranger["Id"], network)
    engine.client.api.start(stranger["Id"])
    try:
        with pytest.raises(ReplicaError, match="active endpoints") as caught:
            running.down()
        assert "blackstart recover" in caught.value.hint
        assert engine.client.api.inspect_container(stranger["Id"])["State"]["Running"]
    finally:
        engine.client.api.remove_container(stranger["Id"], force=True)
    running.down()
    assert not running.counts()


# --- what goes wrong --------------------------------------------------------------------------------


def test_a_container_that_ends_is_told_with_its_last_lines(make: Make) -> None:
    project = make({"one": {"command": ["sh", "-c", "echo no such luck; exit 7"], "healthcheck": UNSURE}})
    with pytest.raises(ReplicaError, match=r"one ended as it came up \(ended with code 7\)") as caught:
        project.up(quiet)
    assert caught.value.message.endswith("no such luck")
    assert caught.value.hint.endswith("logs/one.log")
    assert (project.folder / "logs" / "one.log").read_text() == "no such luck\n"
    assert not project.counts()


def test_a_container_that_crashes_again_and_again_is_told_by_its_last_lines(make: Make) -> None:
    """What joins its network meets docker in the middle of that, and compose has no better words."""
    crashes = {"command": ["sh", "-c", "echo no such luck; exit 7"], "restart": "always"}
    beside = {"command": WAITS, "network_mode": "service:one", "depends_on": ["one"]}
    with pytest.raises(ReplicaError, match=r"^one .*docker has restarted it \d+ times?") as caught:
        make({"one": crashes, "two": beside}).up(quiet)
    assert "no such luck" in caught.value.message


def test_a_program_that_is_not_there_is_told_by_its_service(make: Make) -> None:
    with pytest.raises(ReplicaError, match="one cannot be started: its program /no/such is not in its image"):
        make({"one": {"entrypoint": ["/no/such"]}, "two": {"command": WAITS}}).up(quiet)


UNSURE = {"test": ["CMD", "true"], "interval": "1h"}
UNWELL = {
    "test": ["CMD", "sh", "-c", "while [ ! -e /data/sick ]; do sleep 0.05; done; echo I feel sick; exit 1"],
    "interval": "100ms",
    "retries": 2,
}
"""Unhealthy once somebody has put that file there, and not before."""


def test_one_that_is_never_healthy_is_told_with_what_its_check_said(make: Make, serve: Serve) -> None:
    project = make({"one": {"command": WAITS, "healthcheck": UNWELL}})

    def told(what: str, done: int, total: int) -> None:
        if what == "waiting for one":
            await_words(serve(project))
            serve(project).put("/data/sick", b"")

    with pytest.raises(ReplicaError, match="one never became healthy") as caught:
        project.up(told)
    assert "it runs" in caught.value.message
    assert "Its health check said: I feel sick" in caught.value.message
    assert not project.counts()


def test_one_that_others_depend_on_is_told_by_its_own_lines(make: Make) -> None:
    project = make(
        {
            "one": {"command": WAITS, "depends_on": {"two": {"condition": "service_healthy"}}},
            "two": {"command": ["sh", "-c", "echo broken; exit 1"], "healthcheck": UNSURE},
        }
    )
    with pytest.raises(ReplicaError, match="two ended as it came up") as caught:
        project.up(quiet)
    assert caught.value.message.endswith("broken")


def test_one_that_stays_unsure_is_not_waited_for_without_end(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compose takes what time it takes; then the limit is over."""
    limits = iter((LIMIT_S, 0.0))
    monkeypatch.setattr(
        module, "wait_until", lambda seen, limit_s, every_s: wait_until(seen, next(limits), every_s=every_s)
    )
    project = make({"one": {"command": WAITS, "healthcheck": UNSURE}})
    with pytest.raises(ReplicaError, match=r"one did not come up \(it still runs, starting\)"):
        project.up(quiet)
    assert not project.counts()


def test_a_file_that_is_wrong_is_told_in_composes_words(make: Make) -> None:
    project = make({"one": {"imge": "x"}})
    with pytest.raises(
        UsageError, match=r"docker-compose.yml: .*additional properties 'imge' not allowed"
    ) as caught:
        project.up(quiet)
    assert f"docker compose -f {project.folder.parent}/docker-compose.yml config" in caught.value.hint


def test_an_image_that_is_nowhere_is_told_with_what_builds_it(make: Make) -> None:
    project = make({"one": {"image": "127.0.0.1:1/no/such:1"}})
    with pytest.raises(
        MissingTool, match=r"the image 127.0.0.1:1/no/such:1 is missing and cannot be"
    ) as caught:
        project.up(quiet)
    assert "images/bake" in caught.value.hint
    assert not project.counts()


@contextmanager
def taken_port(port: int = 0) -> Iterator[int]:
    """That port, or any."""
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", port))
        server.listen()
        yield server.getsockname()[1]


def test_a_port_that_is_taken_is_its_own_error(make: Make) -> None:
    with taken_port() as port:
        project = make({"one": {"command": WAITS, "ports": [f"127.0.0.1:{port}:80"]}})
        with pytest.raises(PortInUse, match=str(port)):
            project.up(quiet)
    assert not project.counts()


def test_breaking_off_leaves_nothing(make: Make) -> None:
    """Ctrl-C while it waits."""
    project = make({"one": {"command": WAITS, "healthcheck": UNSURE}, "two": {"command": WAITS}})
    told: list[str] = []

    def interrupt(what: str, done: int, total: int) -> None:
        told.append(what)
        if what == "waiting for one":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        project.up(interrupt)
    assert told[-1] == STOPPING
    assert not project.counts()


def test_what_was_up_before_keeps_its_data_when_it_does_not_come_up_again(make: Make, serve: Serve) -> None:
    with taken_port() as port:
        pass
    one = {"command": WAITS, "ports": [f"127.0.0.1:{port}:80"], "volumes": ["kept:/data"]}
    project = make({"one": one, "two": {"command": WAITS}}, volumes={"kept": {}})
    project.up(quiet)
    serve(project).put("/data/it", b"yes")
    project.end()
    with taken_port(port), pytest.raises(PortInUse, match=str(port)):
        project.up(quiet, keeping=True)
    assert not any(serve(project, name).running() for name in ("one", "two"))
    assert project.counts() == Counts(2, 1, 1)
    project.up(quiet, keeping=True)
    assert serve(project).exec(["cat", "/data/it"]).stdout == "yes"


# --- what is kept -----------------------------------------------------------------------------------


def test_what_the_containers_said_is_kept(running: Project, tmp_path: Path) -> None:
    running.save_logs(tmp_path / "logs")
    assert (tmp_path / "logs" / "one.log").read_text() == "it runs\n"


def test_a_log_has_the_components_name(make: Make, tmp_path: Path) -> None:
    project = make({"one": {"command": WAITS, "labels": {"blackstart.component": "store"}}})
    project.up(quiet)
    project.save_logs(tmp_path / "logs")
    assert [file.name for file in (tmp_path / "logs").iterdir()] == ["store.log"]


def test_the_folder_says_which_docker_has_them(running: Project, engine: Engine) -> None:
    assert Note.read(running.folder) == Note(
        running.label, running.name, engine.endpoint.context, engine.endpoint.host
    )

"""A container as a server of the replica: started, ended, paused, parted, limited; and never one that is not the drill's."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest

from blackstart.errors import ReplicaError
from blackstart.replica.containers.engine import DRILL, PROJECT, SERVICE, SubnetInUse
from blackstart.replica.waiting import wait_until

from .conftest import LIMIT_S, WAITS, await_words, quiet

if TYPE_CHECKING:
    from blackstart.replica.containers.engine import Engine
    from blackstart.replica.containers.project import Project
    from blackstart.replica.containers.server import ContainerServer

    Make = Callable[..., Project]
    Serve = Callable[..., ContainerServer]


@pytest.fixture
def one(running: Project, serve: Serve) -> ContainerServer:
    return serve(running)


# --- starting and ending ----------------------------------------------------------------------------


def test_it_ends_when_asked_and_starts_again(one: ContainerServer) -> None:
    assert one.running()
    assert not one.start()
    one.stop()
    assert (one.running(), one.pid, one.exited_by_itself()) == (False, None, None)
    assert one.start()
    assert one.running()
    assert one.pid


def test_to_be_asked_to_end_is_not_to_be_waited_for(one: ContainerServer) -> None:
    one.ask_to_end()
    assert wait_until(lambda: not one.running(), LIMIT_S)
    assert one.exited_by_itself() is None
    one.ask_to_end()


def test_a_paused_one_counts_as_running_and_is_woken_to_end(one: ContainerServer) -> None:
    one.pause()
    one.pause()
    assert (one.running(), one.paused(), one.start()) == (True, True, False)
    one.resume()
    one.resume()
    assert not one.paused()
    one.pause()
    one.stop()
    assert not one.running()


def test_a_paused_one_can_be_killed(one: ContainerServer) -> None:
    one.pause()
    one.kill()
    one.kill()
    assert not one.running()
    assert one.exited_by_itself() is None


def test_its_end_by_other_hands_is_seen(one: ContainerServer, engine: Engine) -> None:
    engine.client.api.kill(one.look().id)
    assert wait_until(lambda: not one.running(), LIMIT_S)
    assert one.exited_by_itself() == -9
    assert one.start()
    assert one.exited_by_itself() is None


def test_any_object_knows_whether_its_end_was_asked_for(
    one: ContainerServer, running: Project, serve: Serve
) -> None:
    serve(running).kill()
    assert one.exited_by_itself() is None


def test_a_program_before_its_own_is_refused(one: ContainerServer) -> None:
    with pytest.raises(ReplicaError, match="cannot be started under nice"):
        one.start(("nice",))


# --- what it said -----------------------------------------------------------------------------------


def test_what_it_said_since_it_was_started(make: Make, serve: Serve) -> None:
    project = make(
        {"one": {"command": ["sh", "-c", "[ -e /data/x ] || { touch /data/x; echo FIRST; }; exec sleep 600"]}}
    )
    project.up(quiet)
    one = serve(project)
    await_words(one, "first")
    one.kill()
    one.start()
    assert not one.says(["first"])
    assert "FIRST" in one.log.read_text()


def test_why_it_failed(one: ContainerServer) -> None:
    one.kill()
    error = one.failed("did not come into service")
    assert error.message == "one did not come into service (ended with code -9). Its last lines:\nit runs"
    assert "logs/one.log" in error.hint


# --- its networks and limits ------------------------------------------------------------------------


@pytest.fixture
def networked(make: Make, serve: Serve, engine: Engine) -> ContainerServer:
    """With a fixed address and another name on a network of its own; others may take the same network meanwhile."""
    taken = engine.subnets()  # docker itself chooses none in 10.0.0.0/8
    for third in (third for third in range(255) if f"10.199.{third}.0/24" not in taken):
        on = {"aliases": ["other"], "ipv4_address": f"10.199.{third}.9"}
        project = make(
            {"one": {"command": WAITS, "networks": {"own": on}}},
            networks={"own": {"ipam": {"config": [{"subnet": f"10.199.{third}.0/24"}]}}},
        )
        with suppress(SubnetInUse):
            project.up(quiet)
            return serve(project)
    pytest.fail("every network in 10.199.0.0/16 is taken")


def test_it_comes_back_to_its_network_as_it_was(networked: ContainerServer) -> None:
    (before,) = networked.attachments()
    assert before["address"].endswith(".9")
    assert {"one", "other"} <= set(before["aliases"])
    undo = networked.disconnect("own")
    assert (networked.attachments(), networked.apart()) == ([], [before["network"]])
    assert networked.disconnect("own") == undo  # as often as one likes
    networked.connect(json.loads(json.dumps(undo)))
    networked.connect(undo)
    assert (networked.attachments(), networked.apart()) == ([before], [])


def test_it_comes_back_while_it_does_not_run(networked: ContainerServer) -> None:
    (before,) = networked.attachments()
    undo = networked.disconnect("own")
    networked.kill()
    networked.connect(undo)
    networked.start()
    assert networked.attachments() == [before]


def test_an_unknown_network_is_refused(one: ContainerServer) -> None:
    with pytest.raises(ReplicaError, match="is on no network 'moon'"):
        one.disconnect("moon")


def test_a_strangers_network_is_left_alone(one: ContainerServer, engine: Engine) -> None:
    name = f"try-c-stranger-{secrets.token_hex(4)}"
    network = engine.client.api.create_network(name)["Id"]
    try:
        with pytest.raises(ReplicaError, match=f"the network {name} is not this drill's"):
            one.connect({"network": name, "aliases": []})
        engine.client.api.connect_container_to_network(one.look().id, network)
        with pytest.raises(ReplicaError, match=f"the network {name} is not this drill's"):
            one.disconnect(name)
        engine.client.api.disconnect_container_from_network(one.look().id, network)
    finally:
        engine.client.api.remove_network(network)


@pytest.mark.parametrize("made_with", [{}, {"cpus": 0.75, "mem_limit": "256m"}])
def test_limits_are_put_on_and_taken_back(make: Make, serve: Serve, made_with: dict[str, Any]) -> None:
    project = make({"one": {"command": WAITS, **made_with}})
    project.up(quiet)
    one = serve(project)
    before = one.limits()
    assert before.cpus == made_with.get("cpus")
    one.limit(0.25, 64 << 20)
    assert (one.limits().cpus, one.limits().memory) == (0.25, 64 << 20)
    one.limit(before.cpus, before.memory)
    assert one.limits() == before


# --- in it ------------------------------------------------------------------------------------------


def test_commands_in_it(one: ContainerServer) -> None:
    done = one.exec(["sh", "-c", "echo out; echo err >&2; exit 3"])
    assert (done.exit_code, done.stdout, done.stderr) == (3, "out\n", "err\n")
    assert one.exec(["no-such-command"]).exit_code == 127


def test_files_of_it_running_or_not(one: ContainerServer) -> None:
    one.put("/data/file", b"something", mode=0o600)
    assert one.get("/data/file") == b"something"
    one.kill()
    assert one.get("/data/file") == b"something"
    with pytest.raises(ReplicaError, match="/data/none"):
        one.get("/data/none")


def test_whose_its_volumes_are(make: Make, serve: Serve, engine: Engine) -> None:
    volume = engine.client.api.create_volume(f"try-c-strange-{secrets.token_hex(4)}")["Name"]
    try:
        project = make(
            {"one": {"command": WAITS, "volumes": ["ours:/data", "theirs:/tmp"]}},
            volumes={"ours": {}, "theirs": {"external": True, "name": volume}},
        )
        project.up(quiet)
        mounts = {each.path: each.ours for each in serve(project).mounts()}
        assert mounts == {"/data": True, "/tmp": False}
        project.down()
        assert engine.client.api.inspect_volume(volume)["Name"] == volume
    finally:
        engine.client.api.remove_volume(volume, force=True)


# --- whose it is ------------------------------------------------------------------------------------

ACTS: dict[str, Callable[[ContainerServer], object]] = {
    "start": lambda server: server.start(),
    "stop": lambda server: server.stop(),
    "ask_to_end": lambda server: server.ask_to_end(),
    "kill": lambda server: server.kill(),
    "pause": lambda server: server.pause(),
    "resume": lambda server: server.resume(),
    "disconnect": lambda server: server.disconnect("default"),
    "connect": lambda server: server.connect({"network": "bridge"}),
    "limit": lambda server: server.limit(0.5, None),
    "exec": lambda server: server.exec(["true"]),
    "put": lambda server: server.put("/data/x", b""),
}


@contextmanager
def replaced(running: Project, engine: Engine, labels: dict[str, str]) -> Iterator[str]:
    """A container that somebody has put in the place of the service's own."""
    engine.client.api.remove_container(f"{running.name}-one-1", force=True)
    made = engine.client.api.create_container(
        "blackstart-test:1",
        WAITS,
        name=f"{running.name}-one-1",
        labels={PROJECT: running.name, SERVICE: "one", "com.docker.compose.oneoff": "False", **labels},
    )
    engine.client.api.start(made["Id"])
    try:
        yield str(made["Id"])
    finally:
        engine.client.api.remove_container(made["Id"], force=True)


def test_one_that_took_its_place_is_never_touched(
    running: Project, engine: Engine, one: ContainerServer
) -> None:
    with replaced(running, engine, {}) as stranger:
        before = engine.client.api.inspect_container(stranger)
        for act in ACTS.values():
            with pytest.raises(ReplicaError, match="does not carry this drill's label"):
                act(one)
        after = engine.client.api.inspect_container(stranger)
        assert after["State"] == before["State"]
        assert after["HostConfig"] == before["HostConfig"]
        running.down()
        assert engine.client.api.inspect_container(stranger)["State"]["Running"]


def test_one_of_another_drill_is_never_touched(
    running: Project, engine: Engine, one: ContainerServer
) -> None:
    with replaced(running, engine, {DRILL: "another"}) as stranger:
        for act in ACTS.values():
            with pytest.raises(ReplicaError, match="does not carry this drill's label"):
                act(one)
        assert engine.client.api.inspect_container(stranger)["State"]["Running"]


def test_a_name_is_not_enough(running: Project, engine: Engine, one: ContainerServer) -> None:
    """A container of that name, which is of no project at all."""
    engine.client.api.remove_container(f"{running.name}-one-1", force=True)
    made = engine.client.api.create_container("blackstart-test:1", WAITS, name=f"{running.name}-one-1")
    engine.client.api.start(made["Id"])
    try:
        for name, act in ACTS.items():
            if name not in ("stop", "kill", "ask_to_end"):  # what is gone has ended
                with pytest.raises(ReplicaError, match="one has no container"):
                    act(one)
        for name in ("stop", "kill", "ask_to_end"):
            ACTS[name](one)
        assert engine.client.api.inspect_container(made["Id"])["State"]["Running"]
    finally:
        engine.client.api.remove_container(made["Id"], force=True)


def test_a_hand_edited_label_finds_nothing(running: Project, serve: Serve) -> None:
    """Whatever a ledger or a file says: who comes with another drill's label gets nowhere."""
    other = serve(running, label="drill-of-somebody")
    for act in ACTS.values():
        with pytest.raises(ReplicaError, match="does not carry this drill's label"):
            act(other)
    assert serve(running).running()


def test_one_that_was_removed_is_said_to_be_gone(
    running: Project, engine: Engine, one: ContainerServer
) -> None:
    engine.client.api.remove_container(one.look().id, force=True)
    assert (one.running(), one.pid, one.paused(), one.exited_by_itself()) == (False, None, False, -9)
    assert "its container is gone" in one.failed("did not answer").message
    with pytest.raises(ReplicaError, match="somebody has removed it"):
        one.pause()


def test_two_containers_of_one_service_are_refused(make: Make, serve: Serve) -> None:
    project = make({"one": {"command": WAITS, "scale": 2}})
    project.up(quiet)
    with pytest.raises(ReplicaError, match="one has 2 containers"):
        serve(project).kill()

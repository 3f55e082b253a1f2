"""What is refused of a docker, and how what it says becomes an error of ours."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest

from blackstart.errors import MissingTool, ReplicaError, UsageError
from blackstart.plan import Plan
from blackstart.replica.containers import engine as module
from blackstart.replica.containers.endpoint import Endpoint
from blackstart.replica.containers.engine import (
    COMPONENT,
    DRILL,
    SERVICE,
    Allowed,
    DaemonGone,
    Engine,
    PortInUse,
)
from blackstart.source import parse_text

Usage = namedtuple("Usage", "total used free")


def listed(name: str, **labels: str) -> dict[str, Any]:
    return {"Id": f"{name:0<64}", "Names": [f"/{name}"], "Labels": labels}


def run_here(engine: Engine, *containers: dict[str, Any]) -> None:
    engine.client.api.containers.return_value = list(containers)  # type: ignore[attr-defined]  # a mock


def test_strangers_are_found_by_every_name_they_go_by(engine: Engine) -> None:
    run_here(
        engine,
        listed("vault"),
        listed("shop-db-1", **{SERVICE: "db"}),
        listed("x", **{COMPONENT: "dns"}),
        listed("other-vault-1", **{SERVICE: "vault", DRILL: "another drill's"}),
        listed("unrelated"),
    )
    found = engine.strangers(["vault", "db", "dns"])
    assert [(each.name, each.target) for each in found] == [
        ("vault", "vault"),
        ("shop-db-1", "db"),
        ("x", "dns"),
    ]


def test_strangers_are_refused_with_their_names_and_ids(engine: Engine) -> None:
    run_here(engine, listed("vault"))
    with pytest.raises(UsageError, match=r"vault \(vault0000000, like vault\)") as caught:
        engine.refuse_strangers(["vault"])
    assert "docker stop vault" in caught.value.hint


def test_how_strangers_are_allowed_is_shown_as_it_is_written(engine: Engine) -> None:
    run_here(engine, listed("shop-vault-1", **{SERVICE: "vault"}), listed("dns"))
    with pytest.raises(UsageError) as caught:
        engine.refuse_strangers(["vault", "dns"])
    line = caught.value.hint.split("`")[1]
    plan = parse_text(Plan, f"kind: plan\ntitle: t\n{line}\ndrills: [{{scenario: x}}]\n", "plan.yaml")
    assert plan.docker.strangers == ["shop-vault-1", "dns"]


def test_a_stranger_that_the_plan_names_is_let_be(engine: Engine) -> None:
    allowing = Engine(engine.endpoint, engine.client, Allowed(strangers={"vault"}))
    run_here(engine, listed("vault"))
    allowing.refuse_strangers(["vault"])
    run_here(engine, listed("vault"), listed("vault-2", **{SERVICE: "vault"}))
    with pytest.raises(UsageError, match="vault-2"):
        allowing.refuse_strangers(["vault"])


@pytest.mark.parametrize("api", ["1.40", "1.9", "", "what"])
def test_an_old_docker_is_refused(api: str) -> None:
    with pytest.raises(MissingTool, match=r"too old: .* needed is 1\.41"):
        module._refuse_old(api)


def test_a_newer_one_is_not() -> None:
    for api in ("1.41", "1.54", "2.0"):
        module._refuse_old(api)


@pytest.mark.parametrize(("free", "refused"), [(999_999_999, True), (1_000_000_000, False)])
def test_a_disk_that_is_nearly_full(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, refused: bool
) -> None:
    engine.client.info.return_value = {"DockerRootDir": str(tmp_path)}  # type: ignore[attr-defined]  # a mock
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(0, 0, free))
    if not refused:
        engine.see_room()
        return
    with pytest.raises(ReplicaError, match=f"nearly full: 999 MB free in {tmp_path}"):
        engine.see_room()


def test_another_machines_disk_is_not_looked_at(engine: Engine, tmp_path: Path) -> None:
    engine.client.info.return_value = {"DockerRootDir": str(tmp_path)}  # type: ignore[attr-defined]  # a mock
    Engine(Endpoint("far", "ssh://far"), engine.client).see_room()


def api_error(said: str) -> Exception:
    from docker.errors import APIError

    return APIError("500", explanation=said)


def test_what_docker_refuses_is_said_in_its_words(engine: Engine) -> None:
    with (
        pytest.raises(ReplicaError, match="starting x: docker refuses: no such thing"),
        engine.saying("starting x"),
    ):
        raise api_error("no such thing")


@pytest.mark.parametrize(
    "said", ["Bind for 127.0.0.1:80 failed: port is already allocated", "listen: address already in use"]
)
def test_a_taken_port_is_its_own_error(engine: Engine, said: str) -> None:
    with pytest.raises(PortInUse, match="a port is taken"), engine.saying("starting x"):
        raise api_error(said)


def test_a_docker_that_goes_away_is_its_own_error(engine: Engine) -> None:
    from requests.exceptions import ConnectionError

    with (
        pytest.raises(DaemonGone, match="starting x: docker does not answer") as caught,
        engine.saying("starting x"),
    ):
        raise ConnectionError("gone")
    assert "blackstart recover" in caught.value.hint


def test_the_compose_command_means_the_same_docker(engine: Engine) -> None:
    assert engine.env() == {}
    assert Engine(Endpoint("mine", "unix:///x.sock"), engine.client).env() == {
        "DOCKER_HOST": "unix:///x.sock"
    }

"""What compose says when it fails, and what we say then: always with a next move."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from blackstart.replica.containers.engine import SubnetInUse
from blackstart.replica.containers.failing import port_in_use, told_by_compose

if TYPE_CHECKING:
    from blackstart.errors import ReplicaError
    from blackstart.replica.containers.engine import Engine

OVERLAPS = "failed to create network p_own: Error response from daemon: Pool overlaps with other one on this address space"


def told(engine: Engine, output: str, config: dict[str, Any] | None = None) -> ReplicaError:
    return told_by_compose(output, engine, config or {}, [Path("/their/compose.yml")])


def network(name: str, *subnets: str) -> dict[str, Any]:
    return {"Name": name, "IPAM": {"Config": [{"Subnet": each} for each in subnets]}}


def fixing(subnet: str) -> dict[str, Any]:
    return {"networks": {"own": {"ipam": {"config": [{"subnet": subnet}]}}, "default": None}}


def test_a_subnet_that_another_network_has(engine: Engine) -> None:
    api: Any = engine.client.api
    api.networks.return_value = [
        network("none"),
        network("other", "10.9.0.0/24", "fd00::/64"),
        network("bridge", "172.17.0.0/16"),
    ]
    error = told(engine, OVERLAPS, fixing("172.17.3.0/24"))
    assert error.message.endswith("own has 172.17.3.0/24, and 172.17.0.0/16 is bridge's")
    assert "docker network rm" in error.hint
    assert "`subnet`" in error.hint


def test_a_subnet_that_nobody_seems_to_have(engine: Engine) -> None:
    api: Any = engine.client.api
    api.networks.return_value = [network("odd", "what")]
    assert told(engine, OVERLAPS, fixing("172.17.3.0/24")).message.endswith("docker does not say")


@pytest.mark.parametrize(
    ("said", "ours"),
    [
        ("could not find an available, non-overlapping IPv4 address pool", "docker has no subnet left"),
        ("all predefined address pools have been fully subnetted", "docker has no subnet left"),
        ("write /x: no space left on device", "the disk of docker is full"),
        ("something else", "docker compose up: something else"),
        ("", "docker compose up: it fails without a word"),
    ],
)
def test_everything_has_a_next_move(engine: Engine, said: str, ours: str) -> None:
    error = told(engine, f"Container a Starting\n{said}\n\n" if said else "")
    assert error.message.startswith(ours)
    assert error.hint


def test_the_unknown_can_be_tried_by_hand(engine: Engine) -> None:
    hint = told(engine, "something else").hint
    assert "docker compose -f /their/compose.yml up" in hint
    assert "logs/compose-up.log" in hint


def test_a_port_that_is_taken() -> None:
    assert port_in_use("something else") is None
    error = port_in_use("a\nBind for 127.0.0.1:80 failed: port is already allocated\n")
    assert error is not None
    assert "127.0.0.1:80" in error.message


@pytest.mark.parametrize("said", [OVERLAPS, "cannot create network a: networks have overlapping IPv4"])
def test_whoever_chose_the_subnet_may_choose_another(engine: Engine, said: str) -> None:
    assert isinstance(told(engine, said, fixing("10.9.0.0/24")), SubnetInUse)

"""What doctor names for a component of a compose file is what a drill of it takes, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.replica.foreign.conftest import image_ports, shop

from blackstart.drill.arming import arm
from blackstart.drill.possible import choices, demand_possible
from blackstart.errors import UsageError
from blackstart.faultcheck import fault_flaws, installed_faults
from blackstart.platform import Platform
from blackstart.replica.foreign.ahead import Ahead
from blackstart.replica.foreign.foreseeing import foresee
from blackstart.replica.foreign.judge import judge
from blackstart.scenario import FaultSpec

SIZED = {"driver_opts": {"type": "tmpfs", "device": "tmpfs", "o": "size=64m"}}
WRITES = {"blackstart.probe.it-writes": "exec touch /data/x"}
SERVICES: dict[str, dict[str, Any]] = {
    "answered": {"labels": {"blackstart.probe.it": "http /"}},
    "connected": {},
    "commanded": {"labels": {"blackstart.probe.it": "exec true"}},
    "logged-in": {"labels": {"blackstart.probe.it": "sql u@d PASSWORD select 1"}},
    "silent": {"image": "none"},
    "shared": {
        "network_mode": "service:db",
        "networks": None,
        "labels": {"blackstart.probe.it": "exec true"},
    },
    "unplugged": {"network_mode": "none", "networks": None, "labels": {"blackstart.probe.it": "exec true"}},
    "writer": {"labels": WRITES, "volumes": [{"type": "volume", "source": "small", "target": "/data"}]},
    "unseen-writer": {"volumes": [{"type": "volume", "source": "small", "target": "/data"}]},
    "endless": {"labels": WRITES, "volumes": [{"type": "volume", "source": "data", "target": "/data"}]},
}
"""Components called `it`, by what is special about them."""


def platform(**kinds: str) -> Platform:
    components = {name: {"owner": "ops", "kind": kind} for name, kind in kinds.items()}
    return Platform.model_validate(
        {"kind": "platform", "components": components, "capabilities": {}, "teams": {}}
    )


def ahead(where: Platform, **more: Any) -> Ahead:
    labels = {"blackstart.component": "it", **more.pop("labels", {})}
    config = shop(it={"image": "postgres:15", "networks": {"default": None}, **more, "labels": labels})
    config["volumes"] = {**config["volumes"], "small": SIZED}
    return Ahead("shop.yml", foresee(judge(config, image_ports), where), (), ())


def named(service: str, kind: str = "thing") -> dict[str, str]:
    """Every fault for `it`, with why it cannot be had."""
    there = ahead(platform(it=kind), **SERVICES[service]).components["it"]
    return {choice.fault: choice.why_not for choice in choices(there)}


@pytest.mark.parametrize("kind", ["thing", "workload", "registry", "vault", "resolver"])
@pytest.mark.parametrize("service", SERVICES)
def test_a_drill_takes_what_is_named_and_refuses_what_is_not(service: str, kind: str) -> None:
    where = platform(it=kind)
    seen = ahead(where, **SERVICES[service])
    for choice in choices(seen.components["it"]):
        spec = FaultSpec.model_validate({"id": "x", "fault": choice.fault, "target": "it"})
        refused = bool(list(fault_flaws(spec, ("faults", 0), installed_faults(), where)))
        try:
            demand_possible(arm([spec], where, 1, "compose"), seen)
        except UsageError:
            refused = True
        assert refused == bool(choice.why_not), choice


def test_a_component_with_a_check_that_is_answered() -> None:
    assert [fault for fault, why in named("answered").items() if not why] == [
        "container.cpu-limit",
        "container.disconnect",
        "container.memory-limit",
        "container.restart-loop",
        "network.bandwidth",
        "network.cut",
        "network.down",
        "network.flapping",
        "network.jitter",
        "network.latency",
        "network.one-way",
        "network.reset",
        "network.slicer",
        "network.timeout",
        "process.kill",
        "process.pause",
        "process.stop",
    ]


@pytest.mark.parametrize(
    ("service", "fault", "why"),
    [
        ("answered", "network.loss", "its proxy is a Toxiproxy, which has no packet_loss"),
        ("connected", "network.latency", "its check only connects (tcp), which does not show it"),
        ("connected", "process.pause", "its check only connects (tcp)"),
        ("connected", "network.down", ""),
        ("commanded", "network.down", "its check is a command inside it (exec)"),
        ("commanded", "container.disconnect", "its check is a command inside it (exec)"),
        ("commanded", "process.pause", ""),
        ("commanded", "container.cpu-limit", "nothing is known to ask of it forty times"),
        ("logged-in", "container.cpu-limit", "nothing is known to ask of it forty times"),
        ("logged-in", "network.latency", ""),
        ("silent", "process.kill", "nobody would see it: there is no probe it"),
        ("silent", "network.down", "its ports are not known"),
        ("shared", "network.down", "it shares the network of db"),
        ("shared", "container.disconnect", "it has no network of its own"),
        ("unplugged", "container.disconnect", "it has no network of its own"),
        ("writer", "container.disk-full", ""),
        (
            "unseen-writer",
            "container.disk-full",
            "nobody sees that it cannot write: give it a probe it-writes",
        ),
        ("endless", "container.disk-full", "the volume data of it has no size of its own"),
        ("answered", "container.disk-full", "it has no volume of its own to fill"),
        (
            "answered",
            "network.slow-close",
            "its check is over before (http), which does not show it: let turns_red name a probe that does",
        ),
        (
            "connected",
            "network.slow-close",
            "its check only connects (tcp), which does not show it: let turns_red name a probe that does",
        ),
    ],
)
def test_why_not(service: str, fault: str, why: str) -> None:
    assert named(service)[fault].startswith(why)
    assert bool(named(service)[fault]) == bool(why)


def test_faults_of_other_kinds_are_not_spoken_of() -> None:
    assert "vault.seal" not in named("answered")
    assert named("answered", "vault")["vault.seal"] == "it needs what only blackstart's own replica has"
    assert named("answered", "workload")["network.reset"] == ""
    assert named("answered", "workload")["network.slow-close"].startswith("its check is over before (http)")


@pytest.mark.parametrize(
    ("kind", "fault", "never"),
    [
        ("thing", "network.loss", True),  # a toxic that Toxiproxy lacks
        ("vault", "vault.seal", True),  # keys that only our own replica has
        ("dns", "network.cut", True),  # a fault of connections, on what speaks over UDP
        ("thing", "container.disk-full", False),  # they could give it a volume
        ("thing", "network.slow-close", False),  # turns_red could name another probe
        ("thing", "process.kill", False),
    ],
)
def test_that_nothing_would_help_is_known(kind: str, fault: str, never: bool) -> None:
    there = ahead(platform(it=kind), **SERVICES["answered"]).components["it"]
    (choice,) = [each for each in choices(there) if each.fault == fault]
    assert choice.never == never


def demanded(service: str, **spec: Any) -> None:
    where = platform(it="thing")
    whole = FaultSpec.model_validate({"id": "x", "target": "it", **spec})
    demand_possible(arm([whole], where, 1, "compose"), ahead(where, **SERVICES[service]))


def test_another_probe_may_show_what_its_own_does_not() -> None:
    demanded("connected", fault="process.pause", turns_red="web")
    with pytest.raises(UsageError, match="there is no probe nobody"):
        demanded("connected", fault="process.pause", turns_red="nobody")


def test_parts_are_looked_at_one_by_one() -> None:
    parts = [{"fault": "process.kill", "target": "it"}, {"fault": "process.pause", "target": "it"}]
    with pytest.raises(UsageError, match=r"^process\.pause cannot break it, the service it of shop\.yml"):
        demanded("connected", fault="compose", params={"parts": parts})


def test_a_fault_for_some_clients_alone() -> None:
    with pytest.raises(UsageError, match="its proxy tells no clients apart"):
        demanded("answered", fault="network.latency", params={"clients": ["people"]})


def test_a_target_that_no_service_is() -> None:
    where = Platform.model_validate(
        {
            "kind": "platform",
            "components": {},
            "capabilities": {},
            "teams": {"shoppers": {"channel": "#s"}},
        }
    )
    spec = FaultSpec.model_validate({"id": "x", "fault": "process.kill", "target": "shoppers"})
    with pytest.raises(UsageError, match=r"no service of shop\.yml is that component") as refused:
        demand_possible(arm([spec], where, 1, "compose"), ahead(where))
    assert refused.value.hint.startswith("label its service blackstart.component: shoppers; there are: web")


def test_what_is_not_known_yet_is_not_refused() -> None:
    where = platform(it="thing")
    config = shop(it={"image": "absent", "labels": {"blackstart.component": "it"}})
    seen = Ahead(str(Path("shop.yml")), foresee(judge(config, image_ports), where, {"absent"}), (), ())
    spec = FaultSpec.model_validate({"id": "x", "fault": "network.latency", "target": "it"})
    demand_possible(arm([spec], where, 1, "compose"), seen)

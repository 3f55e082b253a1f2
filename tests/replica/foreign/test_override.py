"""The file that is laid over a user's: what it adds, and that everything else stays theirs."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from tests.replica.foreign.conftest import image_ports, shop

from blackstart.replica.foreign.judge import judge
from blackstart.replica.foreign.override import Places, override, wanted_ports
from blackstart.replica.foreign.sidecar import Images

IMAGES = Images("toxiproxy:2", "platform:1")
PROJECT = "blackstart-x"


class Loader(yaml.SafeLoader):
    """Reads compose's own tags as ("override", value)."""


def tagged(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> tuple[str, Any]:
    return tag, loader.construct_sequence(node) if isinstance(node, yaml.SequenceNode) else None


yaml.add_multi_constructor("!", tagged, Loader)


def laid_over(config: dict[str, Any]) -> dict[str, Any]:
    judgement = judge(config, image_ports)
    assert judgement.refusals == ()
    places = Places.choose(judgement, list(range(10001, 10001 + wanted_ports(judgement))))
    found: dict[str, Any] = yaml.load(override(config, judgement, places, IMAGES, PROJECT), Loader)
    return found


def test_every_port_is_published_on_loopback_and_on_a_free_number(config: dict[str, Any]) -> None:
    services = laid_over(config)["services"]
    assert services["web"]["ports"] == ("override", ["127.0.0.1:10001:80", "127.0.0.1:10004:8474"])
    assert services["api"]["ports"] == ("override", ["127.0.0.1:10002:8000", "127.0.0.1:10005:8474"])
    assert services["db"]["ports"] == ("override", ["127.0.0.1:10003:5432", "127.0.0.1:10006:8474"])
    assert "mailer" not in services


def test_what_has_a_name_of_its_own_on_this_machine_gets_another() -> None:
    config = shop(mailer={"build": {"context": "."}, "networks": {"default": None}})
    config["networks"] = {"default": {"name": "fixed"}}
    config["volumes"] = {"data": {"name": "fixed"}, "other": {"name": "shop_other"}, "bare": None}
    whole = laid_over(config)
    assert whole["services"]["db"]["container_name"] == ("reset", None)
    assert "container_name" not in whole["services"]["web"]
    assert whole["services"]["mailer"] == {"image": "blackstart-drill/shop-mailer"}
    assert whole["networks"] == {"default": {"name": "blackstart-x_default"}}
    assert whole["volumes"] == {"data": {"name": "blackstart-x_data"}}


def test_who_waits_for_a_component_waits_for_what_leads_to_its_proxy(config: dict[str, Any]) -> None:
    services = laid_over(config)["services"]
    done = {"condition": "service_completed_successfully"}
    assert services["web"]["depends_on"] == {"blackstart-api-redirect": done}
    assert services["api"]["depends_on"] == {"blackstart-db-redirect": done}
    assert "depends_on" not in services["db"]


def test_the_sidecar_of_a_component(config: dict[str, Any]) -> None:
    services = laid_over(config)["services"]
    proxy, redirect = services["blackstart-db-proxy"], services["blackstart-db-redirect"]
    assert proxy["network_mode"] == redirect["network_mode"] == "service:db"
    assert proxy["cap_drop"] == redirect["cap_drop"] == ["ALL"]
    assert "cap_add" not in proxy
    assert redirect["cap_add"] == ["NET_ADMIN"]
    assert (proxy["image"], redirect["image"]) == ("toxiproxy:2", "platform:1")
    assert proxy["command"] == ["-host", "0.0.0.0", "-port", "8474"]
    assert redirect["command"] == ["8474", "db:5432:21000"]


def test_numbers_that_the_service_uses_are_left_to_it() -> None:
    labels = {"blackstart.component": "it", "blackstart.ports": "8474 21000"}
    services = laid_over(shop(it={"image": "x", "labels": labels, "networks": {"default": None}}))["services"]
    assert services["blackstart-it-proxy"]["command"][-1] == "8475"
    assert services["blackstart-it-redirect"]["command"] == ["8475", "it:8474:21001", "it-21000:21000:21002"]


def test_a_component_without_a_network_has_no_sidecar_and_publishes_nothing() -> None:
    labels = {"blackstart.component": "it", "blackstart.ports": "80"}
    services = laid_over(shop(it={"image": "x", "labels": labels, "network_mode": "none"}))["services"]
    assert not {"it", "blackstart-it-proxy"} & set(services)


def test_udp_is_published_as_it_was() -> None:
    ports = [{"target": 53, "protocol": "udp", "published": "53"}]
    config = shop(mailer={"image": "x", "ports": ports})
    assert laid_over(config)["services"]["mailer"]["ports"] == ("override", ["127.0.0.1:10004:53/udp"])


def test_a_service_that_runs_twice_gets_no_number_that_only_one_container_can_have() -> None:
    ports = [{"target": port, "protocol": "tcp", "published": "8081"} for port in (80, 80)]
    ports.append({"target": 53, "protocol": "udp", "published": "53"})
    config = shop(mailer={"image": "x", "ports": ports, "deploy": {"replicas": 2}})
    assert laid_over(config)["services"]["mailer"]["ports"] == (
        "override",
        ["127.0.0.1::80", "127.0.0.1::53/udp"],
    )
    assert wanted_ports(judge(config, image_ports)) == wanted_ports(judge(shop(), image_ports))


def test_places_are_the_same_when_read_again(config: dict[str, Any]) -> None:
    judgement = judge(config, image_ports)
    places = Places.choose(judgement, list(range(1, 20)))
    assert Places.from_data(places.to_data()) == places
    assert places.address("db", 5432) == ("127.0.0.1", 3)
    assert places.address("db", 1) is None


@pytest.mark.parametrize("data", [{}, {"ports": [[1]], "apis": {}}, {"ports": [], "apis": {"db": "x"}}])
def test_places_of_something_else(data: dict[str, Any]) -> None:
    with pytest.raises((LookupError, TypeError, ValueError)):
        Places.from_data(data)

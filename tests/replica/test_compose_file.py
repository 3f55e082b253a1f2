"""The compose file that ships, read as text: what holds for every service, and where its files must agree."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from blackstart.replica.compose import MACHINERY, SERVERS
from blackstart.replica.layout import CANARY, COMPONENTS, TEAMS
from blackstart.replica.programs import registry_tokens
from blackstart.replica.site import proxies_of
from blackstart.replica.stack import CLIENT_HOSTS, GATEWAY_HOST, INSIDE_PORTS, PROXY_HOST, Stack, home

ROOT = home()
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
LINES = (ROOT / ".env").read_text("utf-8").splitlines()
PINNED = dict(line.split("=", 1) for line in LINES if line and not line.startswith("#"))
NETWORK = "${BLACKSTART_NET:-172.30.255}"


def read(path: str) -> Any:
    return yaml.safe_load((ROOT / "compose" / path).read_text("utf-8"))


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_labelled_pinned_and_confined(name: str) -> None:
    service = SERVICES[name]
    assert service["labels"] == {"blackstart.component": name}
    tag = PINNED[service["image"].removeprefix("${").removesuffix("}")]
    assert re.search(r":v?\d+\.\d+\.\d+", tag), "a tag that will not move"
    assert service["restart"] == "no"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert set(service.get("cap_add", ())) <= {"CHOWN", "DAC_OVERRIDE", "NET_BIND_SERVICE"}
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"cpus", "mem_limit", "pids_limit"} <= set(service)


def test_whatever_must_run_all_along_is_watched() -> None:
    assert {*SERVERS, *MACHINERY} == SERVICES.keys() - {"seed"}, "which ends by itself"


@pytest.mark.parametrize("name", SERVICES)
def test_a_port_is_published_on_loopback_only_and_by_a_variable(name: str) -> None:
    for port in SERVICES[name].get("ports", ()):
        assert re.fullmatch(r"127\.0\.0\.1:\$\{(PORT|DIRECT)_[A-Z_]+:-\d+\}:\d+(/tcp|/udp)?", port)


def test_what_can_look_after_itself_has_a_health_check() -> None:
    without = {name for name, service in SERVICES.items() if "test" not in service.get("healthcheck", {})}
    assert without == {"dns", "resolver", "seed"}, "CoreDNS's image has nothing to run"


def test_who_comes_in_by_a_published_port_has_the_address_that_is_said_of_them() -> None:
    (platform,) = COMPOSE["networks"]["platform"]["ipam"]["config"]
    assert platform["gateway"] == f"{NETWORK}.{GATEWAY_HOST}"


def test_every_variable_of_a_drill_is_in_the_file_and_the_other_way_round() -> None:
    named = set(re.findall(r"\$\{((?:PORT|DIRECT)_\w+)", (ROOT / "docker-compose.yml").read_text("utf-8")))
    assert named == {name for name in Stack.choose(()).variables() if not name.startswith("BLACKSTART")}


def test_no_two_ports_by_hand_are_the_same() -> None:
    found = [port for service in SERVICES.values() for port in service.get("ports", ())]
    told = [(re.findall(r":-(\d+)", port)[0], port.rpartition("/")[2] == "udp") for port in found]
    assert len(told) == len(set(told))


def test_clients_have_the_addresses_that_faults_know_them_by() -> None:
    services = {**CLIENT_HOSTS, "blackbox": CLIENT_HOSTS["monitoring"], "proxy": PROXY_HOST}
    del services["monitoring"]
    for name, number in services.items():
        assert SERVICES[name]["networks"]["platform"]["ipv4_address"] == f"{NETWORK}.{number}"


# --- links


def links(proxy: str) -> dict[str, dict[str, Any]]:
    found = json.loads((ROOT / "compose" / proxy / "links.json").read_text("utf-8"))
    return {link["name"]: link for link in found}


def test_both_proxies_have_a_link_for_all_that_is_reached() -> None:
    wanted = {name for each in (*COMPONENTS, CANARY) for name in proxies_of(each)}
    assert set(links("proxy")) == wanted
    assert set(links("toxiproxy")) == {name for name in wanted if not name.endswith("-udp")}


@pytest.mark.parametrize("name", INSIDE_PORTS)
def test_a_link_leads_through_both_proxies_by_one_port(name: str) -> None:
    port = INSIDE_PORTS[name]
    assert links("proxy")[name]["listen"] == f"0.0.0.0:{port}"
    assert links("proxy")[name]["upstream"] == f"toxiproxy:{port}"
    assert links("toxiproxy")[name]["listen"] == f"0.0.0.0:{port}"
    assert links("toxiproxy")[name]["upstream"].partition(":")[0] in SERVICES


# --- names, tokens, pages


def test_the_registry_trusts_the_token_server() -> None:
    token = read("registry/config.yml")["auth"]["token"]
    assert token["issuer"] == registry_tokens.ISSUER
    assert token["service"] == registry_tokens.SERVICE
    assert token["autoredirectpath"] == registry_tokens.Handler.realm
    assert token["jwks"] == f"/tokens/{registry_tokens.JWKS}"


def test_every_symptom_that_is_probed_pages_and_no_other() -> None:
    probed = [
        each["labels"] for each in read("prometheus/prometheus.yml")["scrape_configs"][0]["static_configs"]
    ]
    serving = [f"{team}-serving" for team in TEAMS]
    assert [labels["probe"] for labels in probed] == ["vault", "dns", "resolver", "registry", *serving]
    assert [labels["component"] for labels in probed] == [*COMPONENTS]
    modules = read("blackbox/blackbox.yml")["modules"]
    assert {labels["__param_module"] for labels in probed} == set(modules)

    rules = [rule for rule in read("prometheus/rules.yml")["groups"][0]["rules"] if "alert" in rule]
    paging = [re.findall(r'probe=~?"([^"]+)"', rule["expr"])[0] for rule in rules]
    assert paging == ["vault", "dns", "resolver", "registry", ".+-serving"]
    for rule in rules:
        assert rule["labels"] == {"severity": "page"}
        assert rule["annotations"]["summary"]


def test_toxiproxy_gives_up_early_on_a_server_that_hangs() -> None:
    """It dials one connection at a time: by the kernel's own count, one that was paused for two minutes and goes on
    again would keep everybody waiting for half a minute more."""
    assert COMPOSE["services"]["toxiproxy"]["sysctls"] == {"net.ipv4.tcp_syn_retries": 1}

"""What the shipped compose file is told for one drill."""

from __future__ import annotations

import json
from ipaddress import ip_address, ip_network

import pytest

from blackstart.errors import ReplicaError
from blackstart.replica import stack
from blackstart.replica.site import LINKS
from blackstart.replica.stack import INSIDE_PORTS, NETWORKS, Stack


def test_every_variable_has_a_port_of_its_own() -> None:
    chosen = Stack.choose([])
    assert len(set(chosen.ports.values())) == len(chosen.ports)
    assert {f"PORT_{link.upper().replace('-', '_')}" for link in LINKS} <= set(chosen.variables())
    assert {f"DIRECT_{link.upper().replace('-', '_')}" for link in LINKS} <= set(chosen.variables())


def test_it_overlaps_no_network_that_is_in_use() -> None:
    taken = [str(each) for each in NETWORKS[:-1]]
    assert Stack.choose(taken).network == "172.30.254"


def test_a_larger_network_takes_all_that_is_in_it() -> None:
    with pytest.raises(ReplicaError, match="no network of"):
        Stack.choose(["172.16.0.0/12"])


def test_it_reads_back_from_json() -> None:
    chosen = Stack.choose(["172.30.1.7/24"])
    assert Stack.from_data(json.loads(json.dumps(chosen.to_data()))) == chosen


def test_clients_are_in_the_network_and_this_machine_is_its_gateway() -> None:
    chosen = Stack.choose([])
    network = ip_network(f"{chosen.network}.0/24")
    assert all(ip_address(address) in network for address in chosen.clients.values())
    assert chosen.clients["people"] == chosen.clients["probes"] == f"{chosen.network}.1"


def test_what_the_replicas_own_names_say_is_reached_where_it_is_published() -> None:
    chosen = Stack.choose([])
    inside = (f"{chosen.network}.2", INSIDE_PORTS["vault"])
    assert chosen.site.reached(inside) == ("127.0.0.1", chosen.ports["PORT_VAULT"])
    assert chosen.site.reached(("127.0.0.9", 8200)) == ("127.0.0.9", 8200)


def test_a_checkout_has_the_compose_file() -> None:
    assert (stack.home() / "docker-compose.yml").is_file()

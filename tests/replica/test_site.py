"""Every connection passes the fault proxy, and each client can be told from the others by its address."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import psutil
import pytest

from blackstart.errors import UsageError
from blackstart.replica.layout import CANARY, CLIENTS, COMPONENTS, PROXY
from blackstart.replica.site import Site
from blackstart.replica.waiting import wait_until

from .conftest import LIMIT_S, red, red_at_last

if TYPE_CHECKING:
    from blackstart.replica.local import LocalReplica


def test_it_reads_what_it_wrote() -> None:
    site = Site.choose()
    assert Site.from_data(site.to_data()) == site
    two = replace(site, toxiproxy=("127.0.0.1", 8474))
    assert Site.from_data(two.to_data()) == two
    ports = [port for _, port in (*site.at.values(), *site.behind.values(), site.proxy)]
    assert len({*ports, site.vault_cluster_port}) == len(ports) + 1


@pytest.mark.replica
def test_the_proxies_and_their_protocols(replica: LocalReplica) -> None:
    found = {name: about["protocol"] for name, about in replica.proxy.proxies().items()}
    http = ("vault", "registry", "payments", "orders", "search", CANARY)
    deploys = ("payments-deploy", "orders-deploy", "search-deploy", f"{CANARY}-deploy")
    assert found == {
        **dict.fromkeys(http, "http"),
        **dict.fromkeys(("dns", "resolver", *deploys), "tcp"),
        **dict.fromkeys(("dns-udp", "resolver-udp"), "udp"),
    }
    known = [proxy for name in (*COMPONENTS, CANARY) for proxy in replica.proxies_of(name)]
    assert sorted(known) == sorted(found)
    listens = {name: about["listen"] for name, about in replica.proxy.proxies().items()}
    assert {name: listens[name] for name in COMPONENTS} == {
        name: component.endpoint for name, component in replica.components().items()
    }


@pytest.mark.replica
def test_every_published_port_is_the_proxys_and_every_other_a_servers(replica: LocalReplica) -> None:
    listening = {
        name: {port for pid in server.pids() for port in ports(pid)}
        for name, server in replica._servers.items()
    }
    site = replica.site
    assert listening[PROXY] == {*(port for _, port in site.at.values()), site.proxy[1]}
    for name in (*COMPONENTS, CANARY):
        own = {site.behind[link][1] for link in replica.proxies_of(name) if link in site.behind}
        assert own - listening[name] <= {site.behind[CANARY][1]}, "the canary's version is gone again"


def ports(pid: int) -> list[int]:
    """The ports at which a process listens; none of one that has ended: versions come and go."""
    with suppress(psutil.Error):
        connections = psutil.Process(pid).net_connections(kind="inet")
        return [each.laddr.port for each in connections if each.status == psutil.CONN_LISTEN]
    return []


@pytest.mark.replica
def test_whose_address_it_is(replica: LocalReplica) -> None:
    assert {name: replica.address_of(name) for name in CLIENTS} == CLIENTS
    with pytest.raises(UsageError, match="no client 'sso'") as seen:
        replica.address_of("sso")
    assert "people, probes, resolver" in seen.value.hint


# --- a fault of one client's network is that client's alone -----------------------------------------


@contextmanager
def cut(replica: LocalReplica, proxy: str, client: str) -> Iterator[None]:
    """While it lasts, that client gets nothing through that proxy."""
    udp = replica.proxy.proxy(proxy)["protocol"] == "udp"
    type_, values = ("drop", {"rate": 1.0}) if udp else ("reset_peer", {"timeout": 0})
    stream = "upstream" if udp else "downstream"
    replica.proxy.add(
        proxy, type_, name="cut", stream=stream, attributes=values, clients=[replica.address_of(client)]
    )
    try:
        yield
    finally:
        replica.proxy.remove(proxy, "cut")


@pytest.mark.replica
def test_probes_alone_lose_vault(replica: LocalReplica) -> None:
    with cut(replica, "vault", "probes"):
        lost = {"vault": "connection closed", "authenticate": "connection closed"}
        assert red_at_last(replica, lost) == lost
        assert replica.exec("payments", ["deploy", "payments"]).exit_code == 0
        assert replica.exec("vault", ["bao", "token", "lookup"]).exit_code == 0


@pytest.mark.replica
@pytest.mark.parametrize(
    ("proxy", "said"),
    [
        ("vault", "FAIL login: connection closed"),
        ("registry", "FAIL pull token: connection closed"),
        ("resolver-udp", "FAIL find vault: timed out"),
    ],
)
def test_a_team_alone_loses_what_it_needs(replica: LocalReplica, proxy: str, said: str) -> None:
    with cut(replica, proxy, "orders"):
        assert red_at_last(replica, {}) == {}
        assert said in replica.exec("orders", ["deploy", "orders"]).stdout
        assert replica.exec("search", ["deploy", "search"]).exit_code == 0


@pytest.mark.replica
def test_the_canary_alone_loses_the_registry(replica: LocalReplica) -> None:
    with cut(replica, "registry", CANARY):
        lost = {"ship": "pull token: connection closed"}
        assert red_at_last(replica, lost) == lost


@pytest.mark.replica
def test_the_resolver_alone_loses_its_authority(replica: LocalReplica) -> None:
    assert replica.exec("resolver", ["cache", "flush"]).exit_code == 0
    with cut(replica, "dns-udp", "resolver"):
        assert wait_until(lambda: red(replica).get("resolver", "").startswith("SERVFAIL"), LIMIT_S)
        assert wait_until(lambda: "dns" not in red(replica), LIMIT_S)
    assert red_at_last(replica, {}) == {}


@pytest.mark.replica
def test_people_alone_lose_vault(replica: LocalReplica) -> None:
    with cut(replica, "vault", "people"):
        assert red_at_last(replica, {}) == {}
        assert replica.exec("vault", ["env", "BAO_MAX_RETRIES=0", "bao", "token", "lookup"]).exit_code != 0

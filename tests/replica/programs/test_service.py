"""`service` and `network` as people use them, in their own shells."""

from __future__ import annotations

import os
import re
import signal
from typing import TYPE_CHECKING

import pytest

from blackstart.replica.layout import COMPONENTS, PROXY
from blackstart.replica.programs.service import USAGE
from blackstart.replica.waiting import wait_until
from blackstart.testing import typed

if TYPE_CHECKING:
    from blackstart.replica.base import Probe
    from blackstart.replica.local import LocalReplica

LIMIT_S = 30.0

pytestmark = pytest.mark.replica


def probe(replica: LocalReplica, name: str) -> Probe:
    return next(each for each in replica.probes() if each.name == name)


def green(replica: LocalReplica, name: str) -> bool:
    return wait_until(lambda: probe(replica, name).read().state == "green", LIMIT_S)


# --- service --------------------------------------------------------------------------------------


def test_it_lists_every_server(replica: LocalReplica) -> None:
    code, text = typed(replica, "service")
    assert code == 0
    assert [line.split()[:2] for line in text.splitlines()] == [
        [name, "running,"] for name in (*COMPONENTS, PROXY)
    ]


@pytest.mark.parametrize("line", ["service status", "service reload vault", "service start vault now"])
def test_what_it_does_not_know_it_explains(replica: LocalReplica, line: str) -> None:
    assert typed(replica, line) == (2, f"{USAGE}\n")


def test_a_name_that_is_none(replica: LocalReplica) -> None:
    code, text = typed(replica, "service start sso")
    assert code == 2
    assert text.startswith("service: no service sso; there are: vault, dns")


def test_what_people_start_is_the_replicas_own(replica: LocalReplica) -> None:
    replica.kill("registry")
    assert typed(replica, "service status registry")[0] == 3
    code, text = typed(replica, "service start registry")
    assert (code, text.startswith("started registry; log: ")) == (0, True)
    assert replica.running("registry")
    assert green(replica, "registry"), "it listens when the command is over"
    assert typed(replica, "service start registry") == (
        0,
        f"registry runs already, pid {replica.components()['registry'].pid}\n",
    )
    assert replica.exited() == {}


def test_what_people_stop_did_not_end_by_itself(replica: LocalReplica) -> None:
    assert typed(replica, "service stop payments") == (0, "stopped payments\n")
    assert not replica.running("payments")
    assert replica.exited() == {}
    assert "stopped; log: " in typed(replica, "service status payments")[1]
    replica.start("payments")
    assert green(replica, "payments-serving")


def test_what_died_is_told_with_its_code_if_anybody_knows(replica: LocalReplica) -> None:
    pid = replica.components()["dns"].pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: replica.exited() == {"dns": -9}, LIMIT_S)
    assert "died with -9; log: " in typed(replica, "service status dns")[1]
    assert typed(replica, "service restart dns")[0] == 0
    assert replica.exited() == {}
    assert green(replica, "dns")


def test_a_server_that_people_started_and_that_died_has_no_code(replica: LocalReplica) -> None:
    typed(replica, "service restart dns")
    pid = replica.components()["dns"].pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: replica.exited() == {"dns": 255}, LIMIT_S)
    replica.start("dns")
    assert green(replica, "dns")


def test_a_suspended_one_is_seen_and_a_restart_mends_it(replica: LocalReplica) -> None:
    replica.pause("resolver")
    assert "suspended (state T)" in typed(replica, "service status resolver")[1]
    code, text = typed(replica, "service restart resolver")
    assert (code, text.splitlines()[0]) == (0, "stopped resolver")
    assert green(replica, "resolver")


def test_vault_comes_back_sealed_and_people_unseal_it(replica: LocalReplica) -> None:
    line = "service restart vault && for n in 1 2; do bao operator unseal $(cat ~/unseal-keys/$n); done"
    code, text = typed(replica, line)
    assert (code, len(re.findall(r"^Sealed +false$", text, flags=re.MULTILINE))) == (0, 1)
    assert green(replica, "vault")


# --- network --------------------------------------------------------------------------------------


def test_a_network_that_is_well(replica: LocalReplica) -> None:
    code, text = typed(replica, "network")
    assert code == 0
    names = [line.split()[0] for line in text.splitlines()]
    assert names == [proxy for name in COMPONENTS for proxy in replica.proxies_of(name)]
    assert typed(replica, "network restore vault") == (0, "nothing is wrong with vault\n")


def test_what_is_wrong_is_listed_and_restored(replica: LocalReplica) -> None:
    replica.proxy.add("registry", "latency", attributes={"latency": 50}, clients=["127.0.1.11"])
    replica.proxy.disable("registry")
    assert probe(replica, "registry").read().reason == "connection refused"
    code, text = typed(replica, "network status registry")
    assert code == 3
    assert re.search(r"^registry +DOWN 127\.0\.0\.1:\d+ to 127\.0\.0\.1:\d+$", text, flags=re.MULTILINE)
    wrong = "latency downstream latency=50 jitter=0, for 127.0.1.11"
    assert text.splitlines()[-1].strip() == wrong
    assert typed(replica, "network restore registry") == (
        0,
        f"registry: took away {wrong}\nregistry: up again\n",
    )
    assert green(replica, "registry")
    assert typed(replica, "network")[0] == 0


@pytest.mark.parametrize("line", ["network restore", "network restore sso", "network break vault"])
def test_what_the_network_does_not_know_it_explains(replica: LocalReplica, line: str) -> None:
    code, text = typed(replica, line)
    assert code == 2
    assert text.endswith("NAME is one of vault, dns, resolver, registry, payments, orders, search\n")


def test_without_the_proxy_nothing_can_be_said_until_it_is_started(replica: LocalReplica) -> None:
    replica.kill(PROXY)
    code, text = typed(replica, "network")
    assert (code, text.startswith("network: connection refused: the proxy at 127.0.0.1:")) == (1, True)
    assert typed(replica, "service start proxy")[0] == 0
    assert typed(replica, "network")[0] == 0
    assert green(replica, "ship")

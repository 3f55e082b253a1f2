"""The faults of a network through two proxies in a row, as on the compose replica: the same verdicts as through one.

The one behind is a real Toxiproxy where `BLACKSTART_TOXIPROXY` names its program, else a second of our own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import pytest

from blackstart.faults.contract import LIMIT_S, prove_fault
from blackstart.faults.dns.truncated import DnsTruncated
from blackstart.faults.dns.udp_dropped import DnsUdpDropped
from blackstart.faults.network.bandwidth import NetworkBandwidth
from blackstart.faults.network.cut import NetworkCut
from blackstart.faults.network.down import NetworkDown
from blackstart.faults.network.flapping import NetworkFlapping
from blackstart.faults.network.jitter import NetworkJitter
from blackstart.faults.network.latency import NetworkLatency
from blackstart.faults.network.loss import NetworkLoss
from blackstart.faults.network.one_way import NetworkOneWay
from blackstart.faults.network.reset import NetworkReset
from blackstart.faults.network.slicer import NetworkSlicer
from blackstart.faults.network.slow_close import NetworkSlowClose
from blackstart.faults.network.timeout import NetworkTimeout
from blackstart.faults.registry.errors import RegistryErrors
from blackstart.replica.ports import free_ports
from blackstart.replica.waiting import wait_until
from blackstart.toxics.links import BEHIND, Links
from blackstart.toxics.toxiproxy import Toxiproxy

if TYPE_CHECKING:
    from blackstart.faults.base import Fault
    from blackstart.replica.base import Replica
    from blackstart.replica.local import LocalReplica

pytestmark = pytest.mark.replica

REAL = os.environ.get("BLACKSTART_TOXIPROXY", "")


class Chained:
    """The local replica, with a second proxy behind the first on every link over TCP."""

    def __init__(self, replica: LocalReplica, back: Toxiproxy) -> None:
        self._replica = replica
        self.proxy = Links(replica.proxy, back)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._replica, name)

    def proxies_of(self, component: str) -> tuple[str, ...]:
        return self._replica.proxies_of(component)

    def address_of(self, client_name: str) -> str:
        return self._replica.address_of(client_name)


@pytest.fixture(scope="module")
def behind() -> Iterator[Toxiproxy]:
    """The second proxy, with nothing in it yet."""
    port = str(free_ports(1)[0])
    ours = [sys.executable, "-m", "blackstart.toxics", "--host", "127.0.0.1", "--port", port]
    argv = [REAL, "-host", "127.0.0.1", "-port", port] if REAL else ours
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        client = Toxiproxy("127.0.0.1", int(port))
        try:
            assert wait_until(lambda: answers(client), LIMIT_S)
            yield client
        finally:
            process.terminate()


def answers(client: Toxiproxy) -> bool:
    try:
        client.version()
    except OSError:
        return False
    return True


@pytest.fixture
def chained(replica: LocalReplica, behind: Toxiproxy) -> Iterator[Chained]:
    """Puts the second proxy in, and takes it out again."""
    links = {name: each for name, each in replica.proxy.proxies().items() if each["protocol"] != "udp"}
    for name, link in links.items():
        made = behind.create(name, "127.0.0.1:0", link["upstream"])
        replica.proxy.move(name, upstream=made["listen"])
    yield Chained(replica, behind)
    for name, link in links.items():
        replica.proxy.move(name, upstream=link["upstream"])
        behind.delete(name)


BOTH: dict[str, object] = {"stream": "both"}

EACH: list[tuple[type[Fault], dict[str, object], str]] = [
    (NetworkBandwidth, {}, "vault"),
    (NetworkBandwidth, BOTH, "registry"),
    (NetworkCut, {}, "registry"),
    (NetworkCut, BOTH, "payments"),
    (NetworkDown, {}, "vault"),
    (NetworkDown, {}, "resolver"),
    (NetworkFlapping, {}, "vault"),
    (NetworkJitter, {}, "payments"),
    (NetworkJitter, {}, "dns"),
    (NetworkLatency, {}, "vault"),
    (NetworkLatency, BOTH, "resolver"),
    (NetworkLatency, {"clients": ["payments"]}, "vault"),
    (NetworkLoss, {}, "registry"),
    (NetworkOneWay, {}, "vault"),
    (NetworkOneWay, {"lost": "requests"}, "vault"),
    (NetworkReset, BOTH, "vault"),
    (NetworkSlicer, BOTH, "vault"),
    (NetworkSlowClose, BOTH, "registry"),
    (NetworkTimeout, {}, "vault"),
    (NetworkTimeout, {"after": "1s", "stream": "downstream"}, "payments"),
    (RegistryErrors, {}, "registry"),
    (DnsTruncated, {}, "dns"),
    (DnsUdpDropped, {}, "resolver"),
]


@pytest.mark.parametrize(
    ("kind", "params", "target"),
    EACH,
    ids=[f"{kind.name} {params} {target}" for kind, params, target in EACH],
)
def test_every_fault_keeps_its_contract(
    chained: Chained, kind: type[Fault], params: dict[str, object], target: str
) -> None:
    prove_fault(kind.model_validate(params), cast("Replica", chained), target)


def test_toxics_that_a_toxiproxy_has_are_its_own(chained: Chained) -> None:
    """A drill on compose is one with a real Toxiproxy, not with one that stands by."""
    fault = NetworkLatency()
    undo = fault.prepare(cast("Replica", chained), "vault")
    fault.inject(cast("Replica", chained), "vault", undo)
    try:
        assert [one["type"] for one in chained.proxy.back.toxics("vault")] == ["latency"]
        assert chained.proxy.front.toxics("vault") == []
    finally:
        fault.heal(cast("Replica", chained), "vault", undo)
    assert "latency" in BEHIND

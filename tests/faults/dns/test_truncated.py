from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import dns.flags
import dns.message
import dns.query
import pytest
from pydantic import ValidationError

from blackstart.faults.contract import prove_fault
from blackstart.faults.dns.folders import address_of
from blackstart.faults.dns.truncated import DnsTruncated

if TYPE_CHECKING:
    from blackstart.replica.local import LocalReplica

BLOCKED = DnsTruncated()
OPEN = DnsTruncated(tcp="open")
LIMIT_S = 30.0

Fixing = Callable[[str], Callable[[], None]]
People = Callable[[str], str]


@pytest.mark.replica
@pytest.mark.parametrize("target", ["dns", "resolver"])
@pytest.mark.parametrize("fault", [BLOCKED, OPEN], ids=["blocked", "open"])
def test_it_keeps_its_contract(
    replica: LocalReplica,
    fixing: Fixing,
    another: Callable[[], LocalReplica],
    fault: DnsTruncated,
    target: str,
) -> None:
    prove_fault(fault, replica, target, fix=fixing(f"network restore {target}"), another=another)


def state(replica: LocalReplica, name: str) -> str:
    return next(probe for probe in replica.probes() if probe.name == name).read().state


@pytest.mark.replica
def test_with_tcp_open_all_goes_on_over_tcp(replica: LocalReplica, people: People) -> None:
    undo = OPEN.prepare(replica, "resolver")
    OPEN.inject(replica, "resolver", undo)
    try:
        host, port = address_of(replica, "resolver")
        question = dns.message.make_query("vault.platform.test", "A")
        cut = dns.query.udp(question, host, port=port, timeout=LIMIT_S)
        assert cut.flags & dns.flags.TC
        assert not cut.answer
        assert people("resolve vault") == "127.0.0.1\n"
        assert state(replica, "resolver") == "green"
        assert OPEN.probe(replica, "resolver").read().reason == "the answer over UDP is truncated"
    finally:
        OPEN.heal(replica, "resolver", undo)


@pytest.mark.replica
def test_with_tcp_blocked_nobody_finds_anything(replica: LocalReplica, people: People) -> None:
    undo = BLOCKED.prepare(replica, "resolver")
    BLOCKED.inject(replica, "resolver", undo)
    try:
        assert people("resolve vault").startswith("resolve: timed out")
        assert state(replica, "resolver") == "red"
        assert state(replica, "dns") == "green"
    finally:
        BLOCKED.heal(replica, "resolver", undo)
    assert state(replica, "resolver") == "green"


@pytest.mark.replica
def test_a_resolver_asks_again_over_tcp(replica: LocalReplica, forgetful: Callable[[], None]) -> None:
    undo = OPEN.prepare(replica, "dns")
    OPEN.inject(replica, "dns", undo)
    try:
        forgetful()
        assert state(replica, "resolver") == "green"
    finally:
        OPEN.heal(replica, "dns", undo)


def test_values_that_make_no_sense() -> None:
    with pytest.raises(ValidationError, match="'blocked' or 'open'"):
        DnsTruncated.model_validate({"tcp": "slow"})

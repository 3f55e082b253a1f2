from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from blackstart.faults.contract import prove_fault
from blackstart.faults.dns.slow import DnsSlow

if TYPE_CHECKING:
    from blackstart.replica.local import LocalReplica
    from blackstart.replica.programs.dnsclient import Answer

FAULT = DnsSlow()

Ask = Callable[..., "Answer"]
Fixing = Callable[[str], Callable[[], None]]
People = Callable[[str], str]


@pytest.mark.replica
@pytest.mark.parametrize("target", ["dns", "resolver"])
def test_it_keeps_its_contract(
    replica: LocalReplica, fixing: Fixing, another: Callable[[], LocalReplica], target: str
) -> None:
    prove_fault(FAULT, replica, target, fix=fixing(f"policy remove {target} '*'"), another=another)


@pytest.mark.replica
def test_one_name_only(replica: LocalReplica) -> None:
    prove_fault(DnsSlow(service="registry"), replica, "dns")


@pytest.mark.replica
def test_a_resolver_gives_up_on_a_slow_authority(
    replica: LocalReplica, answer: Ask, forgetful: Callable[[], None]
) -> None:
    fault = DnsSlow.model_validate({"delay": "5s"})
    undo = fault.prepare(replica, "dns")
    fault.inject(replica, "dns", undo)
    try:
        forgetful()
        assert answer("resolver", "_vault._tcp").rcode == "SERVFAIL"
        assert fault.probe(replica, "dns").read().reason == "no answer within 300 ms"
    finally:
        fault.heal(replica, "dns", undo)
    assert answer("resolver", "_vault._tcp").rcode == "NOERROR"


@pytest.mark.replica
def test_it_grows_when_it_is_injected_again(replica: LocalReplica, people: People) -> None:
    undo = FAULT.prepare(replica, "dns")
    FAULT.inject(replica, "dns", undo)
    try:
        FAULT.model_copy(update={"delay": 2.5}).inject(replica, "dns", undo)
        assert people("policy show") == "dns       * DELAY 2500 ms\n", "set, not added"
    finally:
        FAULT.heal(replica, "dns", undo)
    assert people("policy show") == "no rules: dns and resolver answer the truth\n"


def test_a_delay_within_the_limit_would_be_seen_by_nobody() -> None:
    with pytest.raises(ValidationError, match="no probe would see it"):
        DnsSlow.model_validate({"delay": "0.2s"})

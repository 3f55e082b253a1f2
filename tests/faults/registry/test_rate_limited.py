from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from blackstart.faults.contract import prove_fault
from blackstart.faults.registry.asking import address_of
from blackstart.faults.registry.rate_limited import RegistryRateLimited
from blackstart.replica.programs.httpclient import request

if TYPE_CHECKING:
    from blackstart.replica.local import LocalReplica

LIMIT_S = 30.0
FAULT = RegistryRateLimited(retry_after=7)

Fixing = Callable[[str], Callable[[], None]]
People = Callable[[str], str]


@pytest.mark.replica
def test_it_keeps_its_contract(
    replica: LocalReplica, fixing: Fixing, another: Callable[[], LocalReplica]
) -> None:
    prove_fault(FAULT, replica, "registry", fix=fixing("network restore registry"), another=another)


@pytest.mark.replica
def test_clients_are_told_when_to_come_again(replica: LocalReplica, people: People) -> None:
    undo = FAULT.prepare(replica, "registry")
    FAULT.inject(replica, "registry", undo)
    try:
        address = address_of(replica, "registry")
        answer = request(address, "GET", "/v2/orders/manifests/stable", timeout_s=LIMIT_S)
        assert (answer.status, answer.headers["retry-after"]) == (429, "7")
        assert answer.json()["errors"][0]["code"] == "TOOMANYREQUESTS"
        assert "FAIL pull image: 429 the pull rate limit is reached" in people("deploy orders")
        assert "orders:stable is sha256:" in people("images push orders"), "pushing is not pulling"
    finally:
        FAULT.heal(replica, "registry", undo)


@pytest.mark.parametrize("seconds", [0, 86401])
def test_values_that_make_no_sense(seconds: int) -> None:
    with pytest.raises(ValidationError, match="than or equal to"):
        RegistryRateLimited(retry_after=seconds)

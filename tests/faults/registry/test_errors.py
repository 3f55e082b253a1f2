from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from blackstart.faults.contract import prove_fault
from blackstart.faults.registry.asking import address_of
from blackstart.faults.registry.errors import RegistryErrors
from blackstart.replica.programs.httpclient import request

if TYPE_CHECKING:
    from blackstart.replica.local import LocalReplica

LIMIT_S = 30.0
FAULT = RegistryErrors()

Fixing = Callable[[str], Callable[[], None]]


@pytest.mark.replica
@pytest.mark.parametrize("params", [{}, {"every": 10, "status": 502}])
def test_it_keeps_its_contract(
    replica: LocalReplica, fixing: Fixing, another: Callable[[], LocalReplica], params: dict[str, int]
) -> None:
    fault = RegistryErrors.model_validate(params)
    prove_fault(fault, replica, "registry", fix=fixing("network restore registry"), another=another)


@pytest.mark.replica
def test_every_third_request_fails_and_the_others_do_not(replica: LocalReplica) -> None:
    undo = FAULT.prepare(replica, "registry")
    FAULT.inject(replica, "registry", undo)
    try:
        address = address_of(replica, "registry")
        seen = [request(address, "GET", "/v2/", timeout_s=LIMIT_S).status for _ in range(9)]
        assert sorted(set(seen)) == [401, 500]
        assert seen.count(500) == 3
        assert seen[:3] == seen[3:6] == seen[6:]
    finally:
        FAULT.heal(replica, "registry", undo)


@pytest.mark.parametrize("every", [1, 11])
def test_values_that_make_no_sense(every: int) -> None:
    with pytest.raises(ValidationError, match="than or equal to"):
        RegistryErrors(every=every)

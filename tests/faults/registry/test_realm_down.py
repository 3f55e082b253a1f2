from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from blackstart.faults.contract import prove_fault
from blackstart.faults.registry.asking import address_of
from blackstart.faults.registry.realm_down import RegistryRealmDown
from blackstart.replica.components import registry

if TYPE_CHECKING:
    from blackstart.replica.local import LocalReplica

FAULT = RegistryRealmDown()

Fixing = Callable[[str], Callable[[], None]]
People = Callable[[str], str]


@pytest.mark.replica
@pytest.mark.parametrize("status", [502, 503])
def test_it_keeps_its_contract(
    replica: LocalReplica, fixing: Fixing, another: Callable[[], LocalReplica], status: int
) -> None:
    fault = RegistryRealmDown.model_validate({"status": status})
    prove_fault(fault, replica, "registry", fix=fixing("network restore registry"), another=another)


@pytest.mark.replica
def test_the_registry_itself_is_fine(
    replica: LocalReplica, people: People, complaints: Callable[[], dict[str, str]]
) -> None:
    undo = FAULT.prepare(replica, "registry")
    FAULT.inject(replica, "registry", undo)
    try:
        assert registry.listening(address_of(replica, "registry")), "401 to whoever has no token"
        assert "FAIL pull token: 503 Service Unavailable" in people("deploy orders")
        assert complaints() == {
            "registry": "503 Service Unavailable",
            "ship": "pull token: 503 Service Unavailable",
        }
    finally:
        FAULT.heal(replica, "registry", undo)


def test_another_status_is_refused() -> None:
    with pytest.raises(ValidationError, match="500, 502, 503 or 504"):
        RegistryRealmDown.model_validate({"status": 401})

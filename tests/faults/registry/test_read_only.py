from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from blackstart.faults.contract import prove_fault
from blackstart.faults.registry.read_only import RegistryReadOnly

if TYPE_CHECKING:
    from blackstart.replica.local import LocalReplica

FAULT = RegistryReadOnly()

Fixing = Callable[[str], Callable[[], None]]
People = Callable[[str], str]


@pytest.mark.replica
@pytest.mark.parametrize("status", [405, 503])
def test_it_keeps_its_contract(
    replica: LocalReplica, fixing: Fixing, another: Callable[[], LocalReplica], status: int
) -> None:
    fault = RegistryReadOnly.model_validate({"status": status})
    prove_fault(fault, replica, "registry", fix=fixing("network restore registry"), another=another)


@pytest.mark.replica
def test_pushes_are_refused_and_pulls_are_not(
    replica: LocalReplica, people: People, complaints: Callable[[], dict[str, str]]
) -> None:
    undo = FAULT.prepare(replica, "registry")
    FAULT.inject(replica, "registry", undo)
    try:
        assert "images: 405 the registry is in read-only mode" in people("images push orders")
        assert "images: 405 the registry is in read-only mode" in people("images retag orders")
        assert "deployed" in people("deploy orders")
        assert complaints() == {}
    finally:
        FAULT.heal(replica, "registry", undo)
    assert "orders:stable is sha256:" in people("images push orders")


def test_another_status_is_refused() -> None:
    with pytest.raises(ValidationError, match="405 or 503"):
        RegistryReadOnly.model_validate({"status": 200})

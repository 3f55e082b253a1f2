from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from blackstart.errors import ReplicaError
from blackstart.faults.contract import prove_fault
from blackstart.faults.registry.quota import RegistryQuota
from blackstart.faults.registry.storage import store_of

if TYPE_CHECKING:
    from blackstart.replica.local import LocalReplica

FAULT = RegistryQuota()

Fixing = Callable[[str], Callable[[], None]]
People = Callable[[str], str]


@pytest.mark.replica
@pytest.mark.parametrize("line", ["images quota none", "images quota 10000000"])
def test_it_keeps_its_contract(
    replica: LocalReplica, fixing: Fixing, another: Callable[[], LocalReplica], line: str
) -> None:
    prove_fault(FAULT, replica, "registry", fix=fixing(line), another=another)
    store_of(replica, "registry").limit(None)


@pytest.mark.replica
def test_pulls_work_and_pushes_are_refused(
    replica: LocalReplica, people: People, complaints: Callable[[], dict[str, str]]
) -> None:
    undo = FAULT.prepare(replica, "registry")
    FAULT.inject(replica, "registry", undo)
    try:
        assert "images: 507 the quota of the storage is exceeded" in people("images push orders")
        assert f"{undo['used']} bytes stored, of {undo['used']}" in people("images quota")
        assert "deployed" in people("deploy orders")
        assert complaints() == {}
    finally:
        FAULT.heal(replica, "registry", undo)
    assert "any number" in people("images quota")


@pytest.mark.replica
def test_making_room_mends_it_too(replica: LocalReplica) -> None:
    store = store_of(replica, "registry")
    spare = store.blob(f"sha256:{'0' * 64}")
    spare.parent.mkdir()
    spare.write_bytes(b"nothing that any image needs")
    undo = FAULT.prepare(replica, "registry")
    FAULT.inject(replica, "registry", undo)
    spare.unlink()
    assert FAULT.gone(replica, "registry", undo)
    FAULT.heal(replica, "registry", undo)
    assert store.quota() is None, "the next push would be refused again"


@pytest.mark.replica
def test_the_quota_that_people_set_stays(replica: LocalReplica, people: People) -> None:
    undo = FAULT.prepare(replica, "registry")
    FAULT.inject(replica, "registry", undo)
    people("images quota 10000000")
    FAULT.heal(replica, "registry", undo)
    assert store_of(replica, "registry").quota() == 10_000_000
    people("images quota none")


@pytest.mark.replica
def test_one_that_is_used_up_already_is_refused(replica: LocalReplica) -> None:
    undo = FAULT.prepare(replica, "registry")
    FAULT.inject(replica, "registry", undo)
    try:
        with pytest.raises(ReplicaError, match="its quota is used up already"):
            FAULT.prepare(replica, "registry")
    finally:
        FAULT.heal(replica, "registry", undo)

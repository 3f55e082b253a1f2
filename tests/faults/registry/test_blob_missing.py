from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from blackstart.errors import ReplicaError
from blackstart.faults.contract import prove_fault
from blackstart.faults.registry.blob_missing import RegistryBlobMissing
from blackstart.faults.registry.storage import kept, store_of
from blackstart.testing import FakeReplica

if TYPE_CHECKING:
    from pathlib import Path

    from blackstart.replica.local import LocalReplica

FAULT = RegistryBlobMissing()

Fixing = Callable[[str], Callable[[], None]]
People = Callable[[str], str]


@pytest.mark.replica
def test_it_keeps_its_contract(
    replica: LocalReplica, fixing: Fixing, another: Callable[[], LocalReplica]
) -> None:
    prove_fault(FAULT, replica, "registry", fix=fixing("images push payments"), another=another)


@pytest.mark.replica
@pytest.mark.parametrize("part", ["base", "config"])
def test_any_blob_can_be_lost(replica: LocalReplica, part: str) -> None:
    prove_fault(RegistryBlobMissing.model_validate({"part": part, "image": "search"}), replica, "registry")


@pytest.mark.replica
def test_a_deploy_says_which_layer_is_not_there(replica: LocalReplica, people: People) -> None:
    undo = FAULT.prepare(replica, "registry")
    FAULT.inject(replica, "registry", undo)
    try:
        assert f"FAIL pull image: 404 Not Found for {undo['digest'][:19]}" in people("deploy payments")
        assert "deployed" in people("deploy orders"), "the others have their own"
        assert "payments   BROKEN: 404 Not Found" in people("images verify")
        assert "payments   stable" in people("images list")
    finally:
        FAULT.heal(replica, "registry", undo)
    assert "payments   ok" in people("images verify")


@pytest.mark.replica
def test_without_the_base_layer_nobody_ships(
    replica: LocalReplica, complaints: Callable[[], dict[str, str]]
) -> None:
    fault = RegistryBlobMissing(part="base")
    undo = fault.prepare(replica, "registry")
    fault.inject(replica, "registry", undo)
    try:
        assert complaints()["ship"].startswith("pull image: 404 Not Found for sha256:")
    finally:
        fault.heal(replica, "registry", undo)
    assert "ship" not in complaints()


@pytest.mark.replica
def test_healing_leaves_what_people_pushed_and_takes_the_rest_away(
    replica: LocalReplica, people: People
) -> None:
    undo = FAULT.prepare(replica, "registry")
    FAULT.inject(replica, "registry", undo)
    store = store_of(replica, "registry")
    people("images push payments")
    pushed = store.blob(undo["digest"]).stat().st_ino
    FAULT.heal(replica, "registry", undo)
    assert store.blob(undo["digest"]).stat().st_ino == pushed
    assert not kept(store, undo["digest"]).exists()


@pytest.mark.replica
def test_a_registry_that_is_down_is_healed_too(replica: LocalReplica) -> None:
    undo = FAULT.prepare(replica, "registry")
    FAULT.inject(replica, "registry", undo)
    replica.kill("registry")
    try:
        FAULT.heal(replica, "registry", undo)
        assert FAULT.gone(replica, "registry", undo)
    finally:
        replica.start("registry")
    assert FAULT.probe(replica, "registry").read().state == "green"


@pytest.mark.replica
def test_what_is_missing_already_is_refused_before_anything_happens(
    replica: LocalReplica, people: People
) -> None:
    undo = FAULT.prepare(replica, "registry")
    store_of(replica, "registry").blob(undo["digest"]).unlink()
    with pytest.raises(ReplicaError, match="is missing or corrupt already"):
        FAULT.prepare(replica, "registry")
    with pytest.raises(ReplicaError, match="cannot be put back from"):
        FAULT.heal(replica, "registry", undo)
    people("images push payments")
    FAULT.heal(replica, "registry", undo)


@pytest.mark.replica
def test_a_folder_that_was_thrown_away_has_nothing_to_heal(replica: LocalReplica, tmp_path: Path) -> None:
    undo = {**FAULT.prepare(replica, "registry"), "folder": str(tmp_path / "none")}
    FAULT.heal(replica, "registry", undo)
    assert FAULT.gone(replica, "registry", undo)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.replica
def test_the_ledger_gets_no_password(
    replica: LocalReplica, secrets_of: Callable[[object], list[str]]
) -> None:
    assert secrets_of(FAULT.prepare(replica, "registry")) == []


def test_a_replica_without_folders_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReplicaError, match=r"^the replica fake has no folder for registry"):
        FAULT.prepare(FakeReplica(["registry"], tmp_path), "registry")


def test_an_image_that_there_is_not() -> None:
    with pytest.raises(ValidationError, match="'payments', 'orders', 'search' or 'canary'"):
        RegistryBlobMissing.model_validate({"image": "nobody"})


def test_the_base_layer_is_everybodys() -> None:
    assert FAULT.resources("registry") == {"registry/images/payments"}
    assert RegistryBlobMissing(part="base").resources("registry") == {"registry/images"}

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from blackstart.errors import ReplicaError
from blackstart.faults.contract import prove_fault
from blackstart.faults.registry.manifest_corrupt import RegistryManifestCorrupt, rotten
from blackstart.faults.registry.storage import kept, store_of
from blackstart.replica.programs.registry_image import digest_of, image

if TYPE_CHECKING:
    from blackstart.replica.local import LocalReplica

FAULT = RegistryManifestCorrupt()

Fixing = Callable[[str], Callable[[], None]]
People = Callable[[str], str]


@pytest.mark.replica
def test_it_keeps_its_contract(
    replica: LocalReplica, fixing: Fixing, another: Callable[[], LocalReplica]
) -> None:
    prove_fault(FAULT, replica, "registry", fix=fixing("images push payments"), another=another)


@pytest.mark.replica
def test_clients_see_the_digest_that_does_not_match(replica: LocalReplica, people: People) -> None:
    undo = FAULT.prepare(replica, "registry")
    FAULT.inject(replica, "registry", undo)
    seen = digest_of(rotten(image("payments").manifest))
    said = f"the manifest is {seen[:19]}, not {undo['digest'][:19]}"
    try:
        assert f"FAIL pull image: {said}" in people("deploy payments")
        assert f"payments   BROKEN: {said}" in people("images verify")
        assert FAULT.probe(replica, "registry").read().reason == said
    finally:
        FAULT.heal(replica, "registry", undo)


@pytest.mark.replica
def test_the_canarys_own_is_seen_by_the_standard_probes(
    replica: LocalReplica, complaints: Callable[[], dict[str, str]]
) -> None:
    fault = RegistryManifestCorrupt(image="canary")
    undo = fault.prepare(replica, "registry")
    fault.inject(replica, "registry", undo)
    try:
        assert complaints().keys() == {"registry", "ship"}
    finally:
        fault.heal(replica, "registry", undo)


@pytest.mark.replica
def test_injected_again_after_people_mended_it(replica: LocalReplica, people: People) -> None:
    undo = FAULT.prepare(replica, "registry")
    FAULT.inject(replica, "registry", undo)
    people("images push payments")
    assert FAULT.gone(replica, "registry", undo)
    FAULT.inject(replica, "registry", undo)
    assert not FAULT.gone(replica, "registry", undo)
    FAULT.heal(replica, "registry", undo)
    assert FAULT.gone(replica, "registry", undo)
    assert not kept(store_of(replica, "registry"), undo["digest"]).exists()


@pytest.mark.replica
def test_one_that_is_corrupt_already_is_refused(replica: LocalReplica) -> None:
    undo = FAULT.prepare(replica, "registry")
    FAULT.inject(replica, "registry", undo)
    try:
        with pytest.raises(ReplicaError, match="of payments is missing or corrupt already"):
            FAULT.prepare(replica, "registry")
    finally:
        FAULT.heal(replica, "registry", undo)


def test_one_bit_is_wrong_and_it_is_json_still() -> None:
    manifest = image("payments").manifest
    damaged = rotten(manifest)
    assert sum((a ^ b).bit_count() for a, b in zip(manifest, damaged, strict=True)) == 1
    assert json.loads(damaged)["config"] == json.loads(manifest)["config"]

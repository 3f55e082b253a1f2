from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from blackstart.errors import ReplicaError
from blackstart.faults.contract import prove_fault
from blackstart.faults.registry.storage import store_of
from blackstart.faults.registry.tag_moved import RegistryTagMoved
from blackstart.replica.programs.registry_image import TAG, image

if TYPE_CHECKING:
    from pathlib import Path

    from blackstart.replica.local import LocalReplica

FAULT = RegistryTagMoved()

Fixing = Callable[[str], Callable[[], None]]
People = Callable[[str], str]


@pytest.mark.replica
@pytest.mark.parametrize("line", ["images retag payments", "images push payments"])
def test_it_keeps_its_contract(
    replica: LocalReplica, fixing: Fixing, another: Callable[[], LocalReplica], line: str
) -> None:
    prove_fault(FAULT, replica, "registry", fix=fixing(line), another=another)


@pytest.mark.replica
def test_deploys_succeed_and_bring_the_wrong_image(replica: LocalReplica, people: People) -> None:
    undo = FAULT.prepare(replica, "registry")
    FAULT.inject(replica, "registry", undo)
    theirs, ours = image("orders").digest[:19], image("payments").digest[:19]
    try:
        said = people("deploy payments")
        assert f"ok   pull image: {theirs}, 2 layers" in said
        assert "deployed" in said
        assert f"payments   stable {theirs} NOT {ours}" in people("images list")
        seen = FAULT.probe(replica, "registry").read().reason
        assert seen == f"payments:stable is {theirs}, released was {ours}"
    finally:
        FAULT.heal(replica, "registry", undo)
        people("deploy payments")


@pytest.mark.replica
def test_a_third_image_is_not_the_right_one_either(replica: LocalReplica, people: People) -> None:
    undo = FAULT.prepare(replica, "registry")
    FAULT.inject(replica, "registry", undo)
    people(f"images retag payments {image('search').digest}")
    assert not FAULT.gone(replica, "registry", undo)
    FAULT.heal(replica, "registry", undo)
    assert FAULT.gone(replica, "registry", undo)


@pytest.mark.replica
def test_a_tag_that_was_removed_comes_back(replica: LocalReplica) -> None:
    undo = FAULT.prepare(replica, "registry")
    FAULT.inject(replica, "registry", undo)
    store_of(replica, "registry").tag("payments", TAG).unlink()
    assert not FAULT.gone(replica, "registry", undo)
    FAULT.heal(replica, "registry", undo)
    assert FAULT.probe(replica, "registry").read().state == "green"


@pytest.mark.replica
def test_one_that_was_moved_already_is_refused(replica: LocalReplica) -> None:
    undo = FAULT.prepare(replica, "registry")
    FAULT.inject(replica, "registry", undo)
    try:
        with pytest.raises(ReplicaError, match="payments:stable does not point to the released sha256:"):
            FAULT.prepare(replica, "registry")
    finally:
        FAULT.heal(replica, "registry", undo)


@pytest.mark.replica
def test_a_folder_that_was_thrown_away_has_nothing_to_heal(replica: LocalReplica, tmp_path: Path) -> None:
    undo = {**FAULT.prepare(replica, "registry"), "folder": str(tmp_path / "none")}
    FAULT.heal(replica, "registry", undo)
    assert FAULT.gone(replica, "registry", undo)


def test_it_must_be_another_image() -> None:
    with pytest.raises(ValidationError, match="cannot be moved to the image that it points to"):
        RegistryTagMoved(image="orders", to="orders")

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blackstart.faults.contract import prove_fault
from blackstart.faults.vault.token_revoked import VaultTokenRevoked

if TYPE_CHECKING:
    from blackstart.faults.base import Fault, Undo
    from blackstart.replica.local import LocalReplica

Broken = Callable[["Fault"], AbstractContextManager["Undo"]]

FAULT = VaultTokenRevoked()

pytestmark = pytest.mark.replica


def test_it_keeps_its_contract(
    replica: LocalReplica,
    fixing: Callable[[str], Callable[[], None]],
    another: Callable[[], LocalReplica],
) -> None:
    line = "bao token create -role=automation -field=token > ~/automation-token"
    prove_fault(FAULT, replica, "vault", fix=fixing(line), another=another)


def test_only_the_automation_notices(
    broken: Broken,
    replica: LocalReplica,
    complaints: Callable[[], dict[str, str]],
    people: Callable[[str], str],
) -> None:
    probe = FAULT.probe(replica, "vault")
    with broken(FAULT):
        assert complaints() == {}
        assert probe.read().reason == "403 permission denied"
        assert "bad token" in people('bao token lookup "$(cat ~/automation-token)"')
    assert probe.read().state == "green"


def test_a_file_that_people_removed_gets_a_token_again(broken: Broken, replica: LocalReplica) -> None:
    with broken(FAULT) as undo:
        Path(undo["file"]).unlink()
        assert not FAULT.gone(replica, "vault", undo)
    assert FAULT.probe(replica, "vault").read().state == "green"


def test_somebodys_own_token_is_not_the_automations(
    broken: Broken, replica: LocalReplica, people: Callable[[str], str]
) -> None:
    with broken(FAULT) as undo:
        people('echo "$BAO_TOKEN" > ~/automation-token')
        assert not FAULT.gone(replica, "vault", undo)

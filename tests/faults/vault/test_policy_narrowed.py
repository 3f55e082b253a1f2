from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from blackstart.faults.contract import prove_fault
from blackstart.faults.vault.policy_narrowed import VaultPolicyNarrowed

if TYPE_CHECKING:
    from blackstart.faults.base import Fault, Undo
    from blackstart.replica.components.vault import VaultClient
    from blackstart.replica.local import LocalReplica

Broken = Callable[["Fault"], AbstractContextManager["Undo"]]
Fixing = Callable[[str], Callable[[], None]]
Another = Callable[[], "LocalReplica"]

WRITE = """echo "path \\"secret/data/$team\\" { capabilities = [\\"read\\"] }" | bao policy write $team -"""
EVERYBODY = f"for team in canary orders payments search; do {WRITE}; done"

pytestmark = pytest.mark.replica


def test_it_keeps_its_contract(replica: LocalReplica, fixing: Fixing, another: Another) -> None:
    prove_fault(VaultPolicyNarrowed(), replica, "vault", fix=fixing(EVERYBODY), another=another)


def test_it_keeps_its_contract_for_one_team(replica: LocalReplica, fixing: Fixing, another: Another) -> None:
    fault = VaultPolicyNarrowed(team="payments")
    prove_fault(fault, replica, "vault", fix=fixing(f"team=payments; {WRITE}"), another=another)


def test_a_login_works_and_the_secret_is_denied(
    broken: Broken, replica: LocalReplica, complaints: Callable[[], dict[str, str]]
) -> None:
    fault = VaultPolicyNarrowed()
    with broken(fault):
        assert complaints() == {"ship": "secret: 403 1 error occurred: * permission denied"}
        seen = fault.probe(replica, "vault").read().reason
        assert seen == "payments: 403 1 error occurred: * permission denied"


def test_one_teams_policy_is_nobody_elses_trouble(
    broken: Broken, complaints: Callable[[], dict[str, str]], people: Callable[[str], str]
) -> None:
    with broken(VaultPolicyNarrowed(team="orders")):
        assert complaints() == {}
        assert "FAIL secret: 403 1 error occurred: * permission denied" in people("deploy orders")
        assert "payments v" in people("deploy payments")
        assert 'path "secret/data/orders/*"' in people("bao policy read orders")


def test_a_policy_that_people_wrote_their_own_way_stays(
    broken: Broken, root: VaultClient, people: Callable[[str], str]
) -> None:
    text = 'path "secret/data/orders" { capabilities = ["read", "list"] }\n'
    with broken(VaultPolicyNarrowed(team="orders")) as undo:
        people(f"echo '{text.strip()}' | bao policy write orders -")
    assert root.find("sys/policies/acl/orders")["policy"] == text
    root.call("PUT", "sys/policies/acl/orders", {"policy": undo["policies"]["orders"]})


def test_a_policy_that_people_deleted_comes_back(broken: Broken, root: VaultClient) -> None:
    with broken(VaultPolicyNarrowed(team="orders")) as undo:
        root.call("DELETE", "sys/policies/acl/orders")
    assert root.find("sys/policies/acl/orders")["policy"] == undo["policies"]["orders"]


def test_a_team_that_there_is_not() -> None:
    with pytest.raises(ValidationError, match="'every', 'canary', 'orders', 'payments' or 'search'"):
        VaultPolicyNarrowed.model_validate({"team": "billing"})

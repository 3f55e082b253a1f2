from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from blackstart.faults.contract import LIMIT_S, prove_fault
from blackstart.faults.vault.lease_cut import VaultLeaseCut
from blackstart.replica.waiting import wait_until

if TYPE_CHECKING:
    from blackstart.faults.base import Fault, Undo
    from blackstart.replica.components.vault import VaultClient
    from blackstart.replica.local import LocalReplica

Broken = Callable[["Fault"], AbstractContextManager["Undo"]]

EVERYBODY = (
    "for team in canary orders payments search; do bao write auth/approle/role/$team token_ttl=24h; done"
)


@pytest.mark.replica
def test_it_keeps_its_contract(
    replica: LocalReplica,
    fixing: Callable[[str], Callable[[], None]],
    another: Callable[[], LocalReplica],
) -> None:
    prove_fault(VaultLeaseCut(), replica, "vault", fix=fixing(EVERYBODY), another=another)


@pytest.mark.replica
def test_a_login_works_and_its_token_is_dead_when_it_is_used(
    broken: Broken,
    replica: LocalReplica,
    complaints: Callable[[], dict[str, str]],
    people: Callable[[str], str],
) -> None:
    fault = VaultLeaseCut(team="orders")
    probe = fault.probe(replica, "vault")
    with broken(fault):
        # who uses a token at once notices nothing; on a busy machine at once may take more than its second
        assert wait_until(lambda: complaints() == {}, LIMIT_S), complaints()
        assert "token_ttl                  1s" in people("bao read auth/approle/role/orders")
        assert wait_until(lambda: probe.read().state == "red", fault.within_s)
        assert probe.read().reason.startswith("orders: 403 permission denied, ")


@pytest.mark.replica
def test_a_life_that_people_chose_stays(broken: Broken, root: VaultClient, replica: LocalReplica) -> None:
    role = "auth/approle/role/orders"
    with broken(VaultLeaseCut.model_validate({"team": "orders", "ttl": "2s"})) as undo:
        assert root.call("GET", role)["data"]["token_ttl"] == 2
        root.call("POST", role, {"token_ttl": "60s"})
        assert not VaultLeaseCut().gone(replica, "vault", undo), "a minute is no repair"
        root.call("POST", role, {"token_ttl": "12h"})
    assert root.call("GET", role)["data"]["token_ttl"] == 12 * 3600
    root.call("POST", role, {"token_ttl": undo["ttl_s"]["orders"]})


@pytest.mark.parametrize("ttl", ["0s", "6s"])
def test_bounds(ttl: str) -> None:
    with pytest.raises(ValidationError, match="ttl"):
        VaultLeaseCut.model_validate({"ttl": ttl})

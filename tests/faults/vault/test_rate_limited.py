from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from blackstart.faults.contract import prove_fault
from blackstart.faults.vault.rate_limited import QUOTA, VaultRateLimited

if TYPE_CHECKING:
    from blackstart.faults.base import Fault, Undo
    from blackstart.replica.components.vault import VaultClient
    from blackstart.replica.local import LocalReplica

Broken = Callable[["Fault"], AbstractContextManager["Undo"]]

FAULT = VaultRateLimited()


@pytest.mark.replica
@pytest.mark.parametrize(
    "line",
    [
        "bao delete sys/quotas/rate-limit/logins",
        "bao write sys/quotas/rate-limit/logins path=auth/approle rate=1000 interval=1s",
    ],
    ids=["deleted", "raised"],
)
def test_it_keeps_its_contract(
    replica: LocalReplica,
    root: VaultClient,
    fixing: Callable[[str], Callable[[], None]],
    another: Callable[[], LocalReplica],
    line: str,
) -> None:
    prove_fault(FAULT, replica, "vault", fix=fixing(line), another=another)
    root.call("DELETE", QUOTA)


@pytest.mark.replica
def test_logins_are_refused_and_everything_else_works(
    broken: Broken,
    complaints: Callable[[], dict[str, str]],
    people: Callable[[str], str],
) -> None:
    with broken(FAULT):
        complaints()  # the first login of each client is let through
        said = '429 request path "auth/approle/login": rate limit quota exceeded'
        assert complaints() == {"vault": said, "ship": f"login: {said}", "authenticate": said}
        read = people("bao read sys/quotas/rate-limit/logins")
        assert "interval          3600" in read
        assert "rate              1" in read


@pytest.mark.replica
def test_the_quota_that_was_there_before_comes_back(broken: Broken, root: VaultClient) -> None:
    before: dict[str, Any] = {"path": "auth/approle/", "rate": 500, "interval": 1}
    root.call("POST", QUOTA, before)
    try:
        with broken(FAULT) as undo:
            assert undo["quota"] == before
        found = root.find(QUOTA)
        assert {name: found[name] for name in before} == before
    finally:
        root.call("DELETE", QUOTA)


@pytest.mark.replica
def test_a_little_more_is_no_repair(
    broken: Broken, replica: LocalReplica, people: Callable[[str], str]
) -> None:
    with broken(FAULT) as undo:
        people("bao write sys/quotas/rate-limit/logins path=auth/approle rate=2 interval=1s")
        assert not FAULT.gone(replica, "vault", undo)


@pytest.mark.parametrize("values", [{"rate": 0}, {"rate": 11}, {"interval": "1m"}, {"interval": "2d"}])
def test_bounds(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(values))):
        VaultRateLimited.model_validate(values)

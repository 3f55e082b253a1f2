from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from blackstart.errors import ReplicaError
from blackstart.faults.contract import prove_fault
from blackstart.faults.registry.credentials_expired import EXPIRED, RegistryCredentialsExpired
from blackstart.faults.registry.storage import store_of

if TYPE_CHECKING:
    from blackstart.replica.local import LocalReplica

FAULT = RegistryCredentialsExpired()
ONE = RegistryCredentialsExpired(account="orders")

Fixing = Callable[[str], Callable[[], None]]
People = Callable[[str], str]


@pytest.fixture
def never_expiring(replica: LocalReplica) -> Iterator[None]:
    """People's renewals are dates; the next test starts from accounts that never expire."""
    yield
    store = store_of(replica, "registry")
    store.expire(dict.fromkeys(store.accounts("read")))


@pytest.mark.replica
@pytest.mark.usefixtures("never_expiring")
def test_it_keeps_its_contract(
    replica: LocalReplica, fixing: Fixing, another: Callable[[], LocalReplica]
) -> None:
    prove_fault(FAULT, replica, "registry", fix=fixing("images renew"), another=another)


@pytest.mark.replica
@pytest.mark.usefixtures("never_expiring")
def test_one_account_of_many(replica: LocalReplica, fixing: Fixing) -> None:
    prove_fault(ONE, replica, "registry", fix=fixing("images renew orders"))


@pytest.mark.replica
def test_nobody_pulls_and_the_list_says_why(
    replica: LocalReplica, people: People, complaints: Callable[[], dict[str, str]]
) -> None:
    undo = FAULT.prepare(replica, "registry")
    FAULT.inject(replica, "registry", undo)
    try:
        assert "FAIL pull token: 401 Unauthorized" in people("deploy orders")
        assert f"orders     EXPIRED {EXPIRED}" in people("images accounts")
        assert complaints().keys() == {"registry", "ship"}
    finally:
        FAULT.heal(replica, "registry", undo)
    assert "orders     expires never" in people("images accounts")


@pytest.mark.replica
@pytest.mark.usefixtures("never_expiring")
def test_who_was_renewed_keeps_the_new_date(replica: LocalReplica, people: People) -> None:
    undo = FAULT.prepare(replica, "registry")
    FAULT.inject(replica, "registry", undo)
    people("images renew orders")
    assert not FAULT.gone(replica, "registry", undo), "the others are expired still"
    FAULT.heal(replica, "registry", undo)
    accounts = store_of(replica, "registry").accounts("read")
    assert [name for name, expires in accounts.items() if expires is not None] == ["orders"]


@pytest.mark.replica
def test_a_restarted_registry_still_has_them_expired(replica: LocalReplica) -> None:
    undo = ONE.prepare(replica, "registry")
    ONE.inject(replica, "registry", undo)
    try:
        replica.stop("registry")
        replica.start("registry")
        assert ONE.probe(replica, "registry").read().reason == "401 Unauthorized"
    finally:
        ONE.heal(replica, "registry", undo)
    assert ONE.probe(replica, "registry").read().state == "green"


@pytest.mark.replica
def test_an_account_that_people_removed_is_no_longer_the_faults(replica: LocalReplica) -> None:
    undo = ONE.prepare(replica, "registry")
    ONE.inject(replica, "registry", undo)
    store = store_of(replica, "registry")
    settings = store.settings()
    store.save({**settings, "users": [user for user in settings["users"] if user["name"] != "orders"]})
    assert ONE.gone(replica, "registry", undo)
    ONE.heal(replica, "registry", undo)
    assert "orders" not in store.accounts("read")
    store.save(settings)
    ONE.heal(replica, "registry", undo)


@pytest.mark.replica
def test_expired_accounts_are_refused(
    replica: LocalReplica, secrets_of: Callable[[object], list[str]]
) -> None:
    undo = ONE.prepare(replica, "registry")
    assert secrets_of(undo) == []
    ONE.inject(replica, "registry", undo)
    try:
        with pytest.raises(ReplicaError, match=r"^registry: orders expired already$"):
            FAULT.prepare(replica, "registry")
    finally:
        ONE.heal(replica, "registry", undo)

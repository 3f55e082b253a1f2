"""What our registry has beyond zuul-registry: accounts that expire, and a quota; both without a restart."""

from __future__ import annotations

import json

import pytest

from blackstart.replica.programs.files import replaced
from blackstart.replica.programs.httpclient import request
from blackstart.replica.programs.registry_client import RegistryClient, RegistryRefused
from blackstart.replica.programs.registry_image import TAG, image
from blackstart.replica.programs.registry_store import PUBLISHER, RegistryStore

LIMIT_S = 30.0
PAST, FUTURE = "2020-01-01T00:00:00+00:00", "2999-01-01T00:00:00+00:00"

pytestmark = pytest.mark.replica


def client(store: RegistryStore, user: str) -> RegistryClient:
    return RegistryClient(store.address(), user, store.password(user), timeout_s=LIMIT_S)


def test_an_expired_account_gets_no_token(store: RegistryStore) -> None:
    store.expire({"payments": PAST, "orders": FUTURE})
    try:
        with pytest.raises(RegistryRefused, match=r"^401 Unauthorized$"):
            client(store, "payments").pull("payments", TAG)
        client(store, "orders").pull("orders", TAG)
        client(store, "search").pull("search", TAG)
    finally:
        store.expire({"payments": None, "orders": None})
    client(store, "payments").pull("payments", TAG)


def test_the_publisher_can_expire_too(store: RegistryStore) -> None:
    store.expire({PUBLISHER: PAST})
    try:
        with pytest.raises(RegistryRefused, match="401"):
            client(store, PUBLISHER).put_blob("payments", b"anything")
    finally:
        store.expire({PUBLISHER: None})


def test_over_its_quota_it_is_read_and_not_written(store: RegistryStore) -> None:
    store.limit(store.used())
    try:
        publisher = client(store, PUBLISHER)
        with pytest.raises(RegistryRefused, match=r"^507 the quota of the storage is exceeded$"):
            publisher.push("payments", TAG, image("payments"))
        with pytest.raises(RegistryRefused, match="507"):
            publisher.put_manifest("payments", TAG, image("payments").manifest)
        publisher.pull("payments", TAG)
    finally:
        store.limit(None)
    client(store, PUBLISHER).push("payments", TAG, image("payments"))


def test_its_refusal_has_the_form_of_the_specification(store: RegistryStore) -> None:
    token = client(store, PUBLISHER).token("repository:payments:push")
    store.limit(0)
    try:
        headers = {"Authorization": f"Bearer {token}"}
        answer = request(
            store.address(),
            "POST",
            "/v2/payments/blobs/uploads/",
            headers=headers,
            body=b"",
            timeout_s=LIMIT_S,
        )
    finally:
        store.limit(None)
    assert answer.status == 507
    assert answer.headers["content-type"] == "application/json"
    error = {"code": "DENIED", "message": "the quota of the storage is exceeded"}
    assert answer.json() == {"errors": [error]}


def test_up_to_its_quota_it_takes_more(store: RegistryStore) -> None:
    store.limit(store.used() + 1)
    try:
        client(store, PUBLISHER).push("payments", TAG, image("payments"))
    finally:
        store.limit(None)


def test_a_configuration_that_cannot_be_read_lets_nobody_in_and_ends_nothing(store: RegistryStore) -> None:
    settings = store.settings()
    publisher = client(store, PUBLISHER)
    replaced(store.config, b"{")
    try:
        with pytest.raises(RegistryRefused, match="500"):
            publisher.pull("payments", TAG)
    finally:
        store.save(settings)
    assert json.loads(store.config.read_text())["registry"] == settings
    publisher.pull("payments", TAG)

"""The registry's folder when only its accounts are there; the rest is in test_registry_images.py, on a real registry."""

from __future__ import annotations

from pathlib import Path

import pytest

from blackstart.replica.programs.registry_accounts import ACCOUNTS, Account, Accounts
from blackstart.replica.programs.registry_images import run
from blackstart.replica.programs.registry_store import RegistryStore

PAST = "2020-01-01T00:00:00+00:00"


@pytest.fixture
def store(tmp_path: Path) -> RegistryStore:
    Accounts(tmp_path / ACCOUNTS).write(
        [Account("payments", "p", "read"), Account("publisher", "q", "write")]
    )
    return RegistryStore(tmp_path)


def test_accounts_expire_where_the_token_server_looks(store: RegistryStore) -> None:
    server = Accounts(store.folder / ACCOUNTS)
    assert server.find("payments", "p")
    store.expire({"payments": PAST})
    assert store.accounts("read") == {"payments": PAST}
    assert server.find("payments", "p") is None
    store.expire({"payments": None})
    assert server.find("payments", "p")


def test_where_clients_find_it_is_told_beside_the_accounts(store: RegistryStore) -> None:
    store.tell(("127.0.0.1", 5000))
    assert store.address() == ("127.0.0.1", 5000)


def test_it_has_no_quota_that_could_be_set(store: RegistryStore, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(store.folder, ["quota", "1000"]) == 2
    assert "knows no quota" in capsys.readouterr().err

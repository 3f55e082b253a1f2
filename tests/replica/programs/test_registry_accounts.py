from __future__ import annotations

import json
from pathlib import Path

import pytest

from blackstart.replica.programs.registry_accounts import Account, Accounts, granted

PAYMENTS = Account("payments", "right", "read")
PUBLISHER = Account("publisher", "right", "write")


def test_what_was_written_is_found_by_name_and_password(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path / "accounts.json")
    accounts.write([PAYMENTS, PUBLISHER])

    assert accounts.find("payments", "right") == PAYMENTS
    assert accounts.find("payments", "wrong") is None
    assert accounts.find("nobody", "") is None


def test_without_a_file_there_are_none(tmp_path: Path) -> None:
    assert Accounts(tmp_path / "accounts.json").find("", "") is None


def test_a_change_is_seen_at_once(tmp_path: Path) -> None:
    file = tmp_path / "accounts.json"
    mine, others = Accounts(file), Accounts(file)
    others.write([PAYMENTS])
    assert mine.find("payments", "right")

    others.write([Account("payments", "new", "read")])

    assert mine.find("payments", "right") is None
    assert mine.find("payments", "new")


def test_an_account_expires(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path / "accounts.json")
    past, future = "2020-01-01T00:00:00+00:00", "2999-01-01T00:00:00+00:00"
    accounts.write([Account("old", "right", "read", past), Account("new", "right", "read", future)])

    assert accounts.find("old", "right") is None
    assert accounts.find("new", "right")
    assert [user.get("expires") for user in json.loads(accounts.file.read_text("utf-8"))["users"]] == [
        past,
        future,
    ]


@pytest.mark.parametrize(
    ("account", "scope", "actions"),
    [
        (PAYMENTS, "repository:orders:pull", ["pull"]),
        (PAYMENTS, "repository:orders:pull,push", ["pull"]),
        (PAYMENTS, "repository:orders:delete", []),
        (PUBLISHER, "repository:orders:pull,push", ["pull", "push"]),
        (Account("odd", "", "none"), "repository:orders:pull", []),
    ],
)
def test_what_an_account_may_do(account: Account, scope: str, actions: list[str]) -> None:
    assert granted(account, [scope]) == [{"type": "repository", "name": "orders", "actions": actions}]


def test_scopes_come_one_by_one_or_in_one_text() -> None:
    two = [{"type": "repository", "name": name, "actions": ["pull"]} for name in ("a", "b")]
    assert granted(PAYMENTS, ["repository:a:pull", "repository:b:pull"]) == two
    assert granted(PAYMENTS, ["repository:a:pull repository:b:pull"]) == two
    assert granted(PUBLISHER, ["registry:catalog:*", "nonsense"]) == []

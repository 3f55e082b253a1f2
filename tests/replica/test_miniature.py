"""What the embedded and the compose replica have in common."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import MagicMock

import pytest

from blackstart.errors import ReplicaError, UsageError
from blackstart.replica.asking import Refused
from blackstart.replica.components.vault import VaultClient
from blackstart.replica.miniature import Miniature


class Bare(Miniature):
    """One of which nothing is there but a Vault that says why it fails."""

    name = "bare"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "x", ["ic-1"])
        self._known = (MagicMock(), MagicMock())
        self._handles = {"vault": MagicMock(failed=ReplicaError)}

    def keyring(self) -> Path:
        return self._folder / "keyring.json"


@pytest.mark.parametrize("error", [Refused("500 internal error"), ConnectionResetError("reset")])
def test_a_vault_without_room_for_its_audit_log_is_told_as_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuses(self: VaultClient, participant: str) -> str:
        raise error

    monkeypatch.setattr(VaultClient, "participant_token", refuses)
    with pytest.raises(ReplicaError, match=f"gives no token to ic-1: {error}"):
        Bare(tmp_path)._give_tokens(lambda: None)


def test_however_its_folder_is_spelled_it_is_the_same(tmp_path: Path) -> None:
    """Containers mount it: another spelling would be another mount, and compose would make them anew."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    spelled = Bare(tmp_path / "real" / ".." / "link" / "x")
    assert spelled.data("vault") == tmp_path / "real" / "x" / "data" / "vault"


def test_whatever_of_it_ends_is_told_and_only_what_people_have_is_theirs_to_end(tmp_path: Path) -> None:
    bare = Bare(tmp_path)
    ended = {"vault": None, "proxy": None, "canary": 1, "pager": -9}
    bare._handles = {name: MagicMock(exited_by_itself=lambda code=code: code) for name, code in ended.items()}
    assert bare.exited() == {}, "it is not up"
    bare._there = True
    assert bare.exited() == {"canary": 1, "pager": -9}
    assert bare.machinery() == {"canary", "pager"}
    bare.stop("proxy")
    with pytest.raises(UsageError, match="no component 'pager'"):
        bare.stop("pager")

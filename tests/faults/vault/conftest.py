"""One replica for every fault of Vault."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blackstart.replica.components.vault import VaultClient, listening_at
from blackstart.replica.components.vault_keyring import Keyring
from blackstart.replica.local import LocalReplica
from blackstart.replica.waiting import wait_until

if TYPE_CHECKING:
    from blackstart.faults.base import Fault, Undo

LIMIT_S = 30.0


@pytest.fixture(scope="package")
def replica(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalReplica]:
    """A running replica; whoever breaks it mends it."""
    folder: Path = tmp_path_factory.mktemp("replica")
    local = LocalReplica(folder, f"test-{folder.name}-{os.getpid()}", ["ic-1", "sme-1"])
    try:
        local.up(lambda *news: None)
        yield local
    finally:
        local.down()


@pytest.fixture
def keyring(replica: LocalReplica) -> Keyring:
    return Keyring.read(replica.keyring())


@pytest.fixture
def root(replica: LocalReplica, keyring: Keyring) -> VaultClient:
    """Vault with root's token."""
    address = listening_at(replica.keyring().parent)
    assert address is not None
    return VaultClient(address, keyring.root_token)


@pytest.fixture
def broken(
    replica: LocalReplica, complaints: Callable[[], dict[str, str]]
) -> Callable[[Fault], AbstractContextManager[Undo]]:
    """While it lasts, Vault is broken; afterwards it is healed, and everything green."""

    @contextmanager
    def during(fault: Fault) -> Iterator[Undo]:
        undo = fault.prepare(replica, "vault")
        fault.inject(replica, "vault", undo)
        try:
            yield undo
        finally:
            fault.heal(replica, "vault", undo)
        assert wait_until(lambda: complaints() == {}, LIMIT_S), complaints()
        assert fault.gone(replica, "vault", undo)

    return during

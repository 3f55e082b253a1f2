"""One replica for every fault of names, and what the tests ask of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blackstart.faults.dns.folders import address_of, zone_of
from blackstart.replica.local import LocalReplica
from blackstart.replica.programs.dns_policy import flush
from blackstart.replica.programs.dnsclient import Answer, ask

if TYPE_CHECKING:
    from blackstart.replica.programs.dns_zone import ZoneFolder


@pytest.fixture(scope="package")
def replica(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalReplica]:
    """A running replica; whoever breaks it mends it."""
    folder: Path = tmp_path_factory.mktemp("replica")
    local = LocalReplica(folder, f"test-{folder.name}", ["ic-1", "sme-1"])
    try:
        local.up(lambda *news: None)
        yield local
    finally:
        local.down()


@pytest.fixture
def answer(replica: LocalReplica) -> Callable[[str, str, str], Answer]:
    """Asks "dns" or "resolver" for a name of the zone and a type."""

    def ask_it(server: str, name: str, type_: str = "SRV") -> Answer:
        return ask(address_of(replica, server), f"{name}.platform.test", type_, timeout_s=10.0)

    return ask_it


@pytest.fixture
def zone(replica: LocalReplica) -> ZoneFolder:
    """The authority's zone."""
    return zone_of(replica, "dns")


@pytest.fixture
def forgetful(replica: LocalReplica) -> Callable[[], None]:
    """Lets the resolver's copies run out: what half a minute does in a drill."""
    return lambda: flush(replica.data("resolver"))

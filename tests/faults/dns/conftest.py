"""What the tests of the faults of names ask of the replica."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from blackstart.faults.contract import LIMIT_S
from blackstart.faults.dns.folders import address_of, zone_of
from blackstart.replica.programs.dns_cache import flush
from blackstart.replica.programs.dnsclient import Answer, ask

if TYPE_CHECKING:
    from blackstart.replica.local import LocalReplica
    from blackstart.replica.programs.dns_zone import ZoneFolder


@pytest.fixture
def answer(replica: LocalReplica) -> Callable[[str, str, str], Answer]:
    """Asks "dns" or "resolver" for a name of the zone and a type."""

    def ask_it(server: str, name: str, type_: str = "SRV") -> Answer:
        return ask(address_of(replica, server), f"{name}.platform.test", type_, timeout_s=LIMIT_S)

    return ask_it


@pytest.fixture
def zone(replica: LocalReplica) -> ZoneFolder:
    """The authority's zone."""
    return zone_of(replica, "dns")


@pytest.fixture
def forgetful(replica: LocalReplica) -> Callable[[], None]:
    """Lets the resolver's copies run out: what half a minute does in a drill."""
    return lambda: flush(replica.data("resolver"))

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from blackstart.errors import ReplicaError
from blackstart.faults.contract import prove_fault
from blackstart.faults.dns.stale_zone import DnsStaleZone
from blackstart.testing import FakeReplica

if TYPE_CHECKING:
    from pathlib import Path

    from blackstart.replica.local import LocalReplica
    from blackstart.replica.programs.dns_zone import ZoneFolder
    from blackstart.replica.programs.dnsclient import Answer

FAULT = DnsStaleZone()

Ask = Callable[..., "Answer"]
Fixing = Callable[[str], Callable[[], None]]
People = Callable[[str], str]


@pytest.mark.replica
def test_it_keeps_its_contract(
    replica: LocalReplica, fixing: Fixing, another: Callable[[], LocalReplica]
) -> None:
    prove_fault(FAULT, replica, "dns", fix=fixing("zone reload; cache flush"), another=another)


@pytest.mark.replica
def test_what_is_published_is_not_what_is_served(
    replica: LocalReplica,
    people: People,
    answer: Ask,
    zone: ZoneFolder,
    forgetful: Callable[[], None],
) -> None:
    forgetful()  # a copy that it has kept for long might run out meanwhile
    assert answer("resolver", "vault", "A").answers
    undo = FAULT.prepare(replica, "dns")
    FAULT.inject(replica, "dns", undo)
    try:
        (move,) = FAULT.moves(replica, "dns", undo)
        assert move.after_s == 30.0
        assert answer("resolver", "vault", "A").answers[0].value == "127.0.0.1"
        move.do()
        assert answer("resolver", "vault", "A").answers[0].value == "127.0.0.9"
        assert answer("dns", "vault", "A").answers[0].value == "127.0.0.9"
        serial = zone.read().serial
        assert people("zone serial") == f"published {serial}\nserved    {serial - 1}\n"
        people("zone add grafana A 127.0.0.78")
        assert answer("dns", "grafana", "A").rcode == "NXDOMAIN", "it takes no update"
        seen = FAULT.probe(replica, "dns").read().reason
        assert seen == f"it serves serial {serial - 1}, published is {serial + 1}"
    finally:
        FAULT.heal(replica, "dns", undo)
    try:
        assert answer("dns", "grafana", "A").answers, "what people published meanwhile is served now"
        assert answer("dns", "vault", "A").answers[0].value == "127.0.0.1"
    finally:
        people("zone remove grafana")


@pytest.mark.replica
def test_a_restart_does_not_help(replica: LocalReplica, answer: Ask) -> None:
    undo = FAULT.prepare(replica, "dns")
    FAULT.inject(replica, "dns", undo)
    try:
        replica.kill("dns")
        replica.start("dns")
        assert answer("dns", "vault", "A").answers[0].value == "127.0.0.9"
    finally:
        FAULT.heal(replica, "dns", undo)
    assert answer("dns", "vault", "A").answers[0].value == "127.0.0.1"


@pytest.mark.replica
def test_one_that_is_stale_already_is_refused(replica: LocalReplica) -> None:
    undo = FAULT.prepare(replica, "dns")
    FAULT.inject(replica, "dns", undo)
    try:
        with pytest.raises(ReplicaError, match="dns serves a copy of its zone already"):
            FAULT.prepare(replica, "dns")
    finally:
        FAULT.heal(replica, "dns", undo)


@pytest.mark.replica
def test_a_zone_that_was_thrown_away_has_nothing_to_heal(replica: LocalReplica, tmp_path: Path) -> None:
    undo = {**FAULT.prepare(replica, "dns"), "folder": str(tmp_path / "none")}
    FAULT.heal(replica, "dns", undo)
    assert FAULT.gone(replica, "dns", undo)


def test_a_replica_without_folders_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReplicaError, match="the replica fake has no folder for dns"):
        FAULT.prepare(FakeReplica(["dns"], tmp_path), "dns")

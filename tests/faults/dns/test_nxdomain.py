from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from blackstart.errors import ReplicaError
from blackstart.faults.contract import prove_fault
from blackstart.faults.dns.nxdomain import DnsNxdomain
from blackstart.testing import FakeReplica

if TYPE_CHECKING:
    from pathlib import Path

    from blackstart.replica.local import LocalReplica
    from blackstart.replica.programs.dns_zone import ZoneFolder
    from blackstart.replica.programs.dnsclient import Answer

FAULT = DnsNxdomain()

Ask = Callable[..., "Answer"]
Fixing = Callable[[str], Callable[[], None]]
People = Callable[[str], str]

PUT_BACK = 'zone set _vault._tcp SRV 0 0 "${VAULT_ADDR##*:}" vault && cache flush'
"""What people know of Vault is its address, in their own environment."""


@pytest.mark.replica
@pytest.mark.parametrize(
    "line", [PUT_BACK, "zone rollback $(zone history | grep -v '^ ' | tail -2 | head -1); cache flush"]
)
def test_it_keeps_its_contract(
    replica: LocalReplica, fixing: Fixing, another: Callable[[], LocalReplica], line: str
) -> None:
    prove_fault(FAULT, replica, "dns", fix=fixing(line), another=another)


@pytest.mark.replica
@pytest.mark.parametrize("service", ["registry", "payments", "orders", "search"])
def test_any_service(replica: LocalReplica, service: str) -> None:
    prove_fault(DnsNxdomain.model_validate({"service": service}), replica, "dns")


@pytest.mark.replica
def test_what_a_person_sees(
    replica: LocalReplica, people: People, answer: Ask, forgetful: Callable[[], None]
) -> None:
    forgetful()  # a copy that it has kept for long might run out meanwhile
    assert answer("resolver", "_vault._tcp").rcode == "NOERROR"
    undo = FAULT.prepare(replica, "dns")
    FAULT.inject(replica, "dns", undo)
    try:
        assert answer("dns", "_vault._tcp").rcode == "NXDOMAIN"
        assert answer("dns", "vault", "A").answers, "the host has a name of its own"
        assert answer("resolver", "_vault._tcp").answers, "kept by the resolver until its TTL runs out"
        forgetful()
        assert people("resolve _vault._tcp.platform.test SRV") == (
            "resolve: NXDOMAIN: no SRV record for _vault._tcp.platform.test\n"
        )
        assert "FAIL find vault: NXDOMAIN _vault._tcp.platform.test" in people("deploy payments")
        seen = FAULT.probe(replica, "dns").read().reason
        assert seen == "NXDOMAIN _vault._tcp.platform.test"
    finally:
        FAULT.heal(replica, "dns", undo)
    assert answer("resolver", "_vault._tcp").rcode == "NOERROR", "the resolver keeps no NXDOMAIN of it"


@pytest.mark.replica
def test_what_people_changed_elsewhere_stays(replica: LocalReplica, people: People, zone: ZoneFolder) -> None:
    undo = FAULT.prepare(replica, "dns")
    FAULT.inject(replica, "dns", undo)
    people("zone set search A 127.0.0.77; zone add grafana A 127.0.0.78")
    FAULT.heal(replica, "dns", undo)
    try:
        assert [record.value for record in zone.read().find("search.platform.test", "A")] == ["127.0.0.77"]
        assert zone.read().find("grafana.platform.test")
        assert FAULT.gone(replica, "dns", undo)
    finally:
        people("zone set search A 127.0.0.1; zone remove grafana")


@pytest.mark.replica
def test_what_people_put_there_in_vain_is_replaced(replica: LocalReplica, people: People) -> None:
    undo = FAULT.prepare(replica, "dns")
    FAULT.inject(replica, "dns", undo)
    people("zone set _vault._tcp SRV 0 0 1 vault")
    assert not FAULT.gone(replica, "dns", undo), "a record, but not the right one"
    FAULT.heal(replica, "dns", undo)
    assert FAULT.gone(replica, "dns", undo)
    assert FAULT.probe(replica, "dns").read().state == "green"


@pytest.mark.replica
def test_an_authority_that_was_restarted_meanwhile(replica: LocalReplica, answer: Ask) -> None:
    undo = FAULT.prepare(replica, "dns")
    FAULT.inject(replica, "dns", undo)
    replica.kill("dns")
    FAULT.heal(replica, "dns", undo)
    replica.start("dns")
    assert answer("dns", "_vault._tcp").answers
    FAULT.inject(replica, "dns", undo)
    replica.restart("dns")
    try:
        assert answer("dns", "_vault._tcp").rcode == "NXDOMAIN", "a restart mends nothing"
        assert not FAULT.gone(replica, "dns", undo)
    finally:
        FAULT.heal(replica, "dns", undo)
    assert FAULT.gone(replica, "dns", undo)


@pytest.mark.replica
def test_a_name_that_is_gone_already_is_refused(replica: LocalReplica) -> None:
    undo = FAULT.prepare(replica, "dns")
    FAULT.inject(replica, "dns", undo)
    try:
        with pytest.raises(ReplicaError, match=r"^dns.nxdomain on dns: .* is so already in .*zone.json$"):
            FAULT.prepare(replica, "dns")
    finally:
        FAULT.heal(replica, "dns", undo)


@pytest.mark.replica
def test_a_zone_that_was_thrown_away_has_nothing_to_heal(replica: LocalReplica, tmp_path: Path) -> None:
    undo = {**FAULT.prepare(replica, "dns"), "folder": str(tmp_path / "none")}
    FAULT.heal(replica, "dns", undo)
    assert FAULT.gone(replica, "dns", undo)


@pytest.mark.replica
def test_a_zone_that_cannot_be_read_cannot_be_healed(replica: LocalReplica, tmp_path: Path) -> None:
    undo = {**FAULT.prepare(replica, "dns"), "folder": str(tmp_path)}
    (tmp_path / "zone.json").write_text("{")
    with pytest.raises(ReplicaError, match=r"the zone at .*zone.json cannot be read: ") as refused:
        FAULT.heal(replica, "dns", undo)
    assert refused.value.hint == "zone rollback SERIAL brings back an earlier version"
    assert not FAULT.gone(replica, "dns", undo)


def test_a_replica_without_folders_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReplicaError, match="the replica fake has no folder for dns"):
        FAULT.prepare(FakeReplica(["dns"], tmp_path), "dns")


def test_only_a_service_of_the_zone() -> None:
    with pytest.raises(ValidationError):
        DnsNxdomain.model_validate({"service": "grafana"})


@pytest.mark.replica
def test_the_resolvers_copies_run_out_in_drill_time(
    replica: LocalReplica, people: People, answer: Ask
) -> None:
    people("zone ttl 120 vault")
    try:
        assert answer("resolver", "_vault._tcp").answers
        undo = FAULT.prepare(replica, "dns")
        (move,) = FAULT.moves(replica, "dns", undo)
        assert move.after_s == 120.0, "the longest TTL that is published"
        FAULT.inject(replica, "dns", undo)
        try:
            move.do()
            assert answer("resolver", "_vault._tcp").rcode == "NXDOMAIN"
        finally:
            FAULT.heal(replica, "dns", undo)
    finally:
        people("zone ttl 30 vault")

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from blackstart.replica.asking import Refused
from blackstart.replica.components import dns as component
from blackstart.replica.layout import HOST, ZONE, Address
from blackstart.replica.ports import free_ports
from blackstart.replica.programs.dns_cache import flush, pass_time
from blackstart.replica.programs.dns_policy import Action, PolicyFile, Rule
from blackstart.replica.programs.dns_zone import Zone, ZoneFolder
from blackstart.replica.programs.dnsclient import Answer, Record, ask
from blackstart.replica.programs.processes import LABEL
from blackstart.replica.servers import Server, tail
from blackstart.replica.tools import ensure_tools
from blackstart.replica.waiting import wait_until

LIMIT_S = 30.0
ENV = {"PATH": os.defpath, "LANG": "C.UTF-8", LABEL: f"test-names-{os.getpid()}"}
SERVICES: dict[str, Address] = {"vault": (HOST, 8200), "registry": (HOST, 5000)}

RCODES: dict[Action, str] = {
    "SERVFAIL": "SERVFAIL",
    "REFUSED": "REFUSED",
    "NXDOMAIN": "NXDOMAIN",
    "EMPTY": "NOERROR",
}

pytestmark = pytest.mark.replica


@dataclass
class Names:
    """An authority and a resolver, running."""

    folder: Path
    authority: Server
    resolver: Server
    at: Address
    resolver_at: Address

    def change(self, name: str, services: dict[str, Address], ttl: int) -> None:
        """Publish another zone, and wait until it is served."""
        new = component.zone(services)
        records = tuple(replace(record, ttl=ttl) for record in new.records)
        ZoneFolder(self.folder / "dns").change(lambda _: Zone(new.name, records))
        wanted = str(services[name][1])
        assert wait_until(lambda: port_of(self.at, name) == wanted, LIMIT_S)


def port_of(at: Address, name: str) -> str:
    """The port that is answered for a service; empty when there is none."""
    answer = ask(at, f"_{name}._tcp.{ZONE}", "SRV", timeout_s=LIMIT_S)
    return answer.answers[0].value.split()[2] if answer.answers else ""


@pytest.fixture
def names(tmp_path: Path) -> Iterator[Names]:
    ensure_tools(lambda *news: None)
    port, resolver_port = free_ports(2)
    authority = Server(
        "dns", component.authority(tmp_path / "dns", port, SERVICES, ENV), tmp_path / "dns.log"
    )
    launch = component.resolver(tmp_path / "resolver", resolver_port, (HOST, port), ENV)
    resolver = Server("resolver", launch, tmp_path / "resolver.log")
    authority.start()
    resolver.start()
    try:
        for at in ((HOST, port), (HOST, resolver_port)):
            assert wait_until(partial(component.listening, at), LIMIT_S), tail(authority.log, 20)
        yield Names(tmp_path, authority, resolver, (HOST, port), (HOST, resolver_port))
    finally:
        authority.kill()
        resolver.kill()


def test_the_zone_has_an_address_and_a_service_record_each() -> None:
    records = {(r.name, r.type): r.value for r in component.zone(SERVICES).records}
    assert records[(f"_vault._tcp.{ZONE}", "SRV")] == f"0 0 8200 vault.{ZONE}"
    assert records[(f"registry.{ZONE}", "A")] == HOST
    assert records[(ZONE, "NS")] == f"ns1.{ZONE}"
    assert (ZONE, "SOA") in records


def test_the_authority_by_the_book(names: Names) -> None:
    """Asked by dnspython, which is strict about what it reads."""

    def asked(name: str, kind: str, *, tcp: bool = False) -> dns.message.Message:
        query = dns.message.make_query(name, kind)
        send = dns.query.tcp if tcp else dns.query.udp
        return send(query, HOST, port=names.at[1], timeout=LIMIT_S)

    for tcp in (False, True):
        answer = asked(f"_vault._tcp.{ZONE}", "SRV", tcp=tcp)
        assert answer.flags & dns.flags.AA
        assert not answer.flags & dns.flags.RA
        assert [rr.to_text() for rr in answer.answer] == [
            f"_vault._tcp.{ZONE}. 30 IN SRV 0 0 8200 vault.{ZONE}."
        ]
        assert [rr.to_text() for rr in answer.additional] == [f"vault.{ZONE}. 30 IN A {HOST}"]
    assert asked(ZONE, "NS").additional[0].to_text() == f"ns1.{ZONE}. 30 IN A {HOST}"
    assert asked(ZONE.upper(), "SOA").answer[0].rdtype == 6

    missing = asked(f"nobody.{ZONE}", "A")
    assert (missing.rcode(), missing.flags & dns.flags.AA) == (dns.rcode.NXDOMAIN, dns.flags.AA)
    assert missing.authority[0].rdtype == 6, "the SOA says how long a no may be kept"
    no_such_type = asked(f"vault.{ZONE}", "SRV")
    assert (no_such_type.rcode(), no_such_type.answer) == (dns.rcode.NOERROR, [])
    assert no_such_type.authority[0].rdtype == 6
    between = asked(f"_tcp.{ZONE}", "A")
    assert between.rcode() == dns.rcode.NOERROR, "a name with names below it exists (RFC 8020)"
    assert asked("example.org", "A").rcode() == dns.rcode.REFUSED


def test_the_resolver_keeps_what_it_was_told(names: Names) -> None:
    first = ask(names.resolver_at, f"_vault._tcp.{ZONE}", "SRV", timeout_s=LIMIT_S)
    assert not first.authoritative
    assert first.answers[0].value == f"0 0 8200 vault.{ZONE}."
    assert first.additional[0].value == HOST
    names.change("vault", {**SERVICES, "vault": (HOST, 8300)}, ttl=30)
    assert port_of(names.resolver_at, "vault") == "8200", "stale until its time is over"
    names.authority.kill()
    assert port_of(names.resolver_at, "vault") == "8200", "and so it is while the authority is gone"


def test_what_may_not_be_kept_is_asked_anew(names: Names) -> None:
    names.change("registry", {**SERVICES, "registry": (HOST, 5001)}, ttl=0)
    assert port_of(names.resolver_at, "registry") == "5001"
    names.change("registry", {**SERVICES, "registry": (HOST, 5002)}, ttl=0)
    assert port_of(names.resolver_at, "registry") == "5002"


def test_a_no_is_kept_too(names: Names) -> None:
    assert ask(names.resolver_at, f"new.{ZONE}", "A", timeout_s=LIMIT_S).rcode == "NXDOMAIN"
    names.change("new", {**SERVICES, "new": (HOST, 1)}, ttl=30)
    assert ask(names.resolver_at, f"new.{ZONE}", "A", timeout_s=LIMIT_S).rcode == "NXDOMAIN"
    assert ask(names.at, f"new.{ZONE}", "A", timeout_s=LIMIT_S).rcode == "NOERROR"


def test_without_its_authority_it_says_servfail(names: Names) -> None:
    names.authority.kill()
    with pytest.raises(Refused, match=r"^SERVFAIL for _vault\._tcp\.platform\.test$"):
        component.check_resolver(names.resolver_at, LIMIT_S)


def test_a_broken_zone_leaves_the_old_one_in_force(names: Names) -> None:
    (names.folder / "dns" / "zone.json").write_text("{")
    assert names.authority.pid is not None
    os.kill(names.authority.pid, signal.SIGHUP)  # it looks without being asked a question
    assert wait_until(lambda: "the old one stays" in tail(names.authority.log, 5), LIMIT_S)
    component.check_authority(names.at, LIMIT_S)


def test_an_answer_that_is_not_the_authoritys_own_is_not_enough(names: Names) -> None:
    component.check_resolver(names.resolver_at, LIMIT_S)
    with pytest.raises(Refused, match="not authoritative"):
        component.check_authority(names.resolver_at, LIMIT_S)


def test_a_service_that_is_not_there(names: Names) -> None:
    names.change("registry", {"registry": (HOST, 1)}, ttl=30)
    with pytest.raises(Refused, match=r"^NXDOMAIN for _vault"):
        component.check_authority(names.at, LIMIT_S)


def answered(at: Address, name: str, kind: str = "SRV") -> Answer:
    return ask(at, f"{name}.{ZONE}", kind, timeout_s=LIMIT_S)


def test_a_policy_comes_before_the_truth(names: Names) -> None:
    for server, at in (("dns", names.at), ("resolver", names.resolver_at)):
        policy = PolicyFile(names.folder / server)
        for action, rcode in RCODES.items():
            rule = Rule(f"_vault._tcp.{ZONE}", action)
            policy.add(rule)
            answer = answered(at, "_vault._tcp")
            assert (answer.rcode, answer.answers) == (rcode, ())
            assert answered(at, "_registry._tcp").answers, "other names are as they were"
            policy.remove(rule.name)
            flush(names.folder / "resolver")
        assert answered(at, "_vault._tcp").answers


def test_whatever_the_policy_is_a_server_says_that_it_is_there(names: Names) -> None:
    for server, at in (("dns", names.at), ("resolver", names.resolver_at)):
        PolicyFile(names.folder / server).add(Rule("*", "REFUSED"))
        PolicyFile(names.folder / server).add(Rule("*", "DELAY", delay_ms=60_000))
        assert component.listening(at)


def test_nobody_is_there_who_only_takes_connections() -> None:
    with socket.create_server((HOST, 0)) as other:
        assert not component.listening(other.getsockname())


def test_an_authoritys_no_may_be_kept_for_as_long_as_its_rule_says(names: Names) -> None:
    PolicyFile(names.folder / "dns").add(Rule(f"_vault._tcp.{ZONE}", "NXDOMAIN", ttl=500))
    soa = answered(names.at, "_vault._tcp").authority[0]
    assert (soa.ttl, soa.value.split()[-1]) == (500, "500")
    assert answered(names.at, "nobody", "A").authority[0].ttl == 30, "other names as the zone says"


def test_the_records_of_a_round_robin_take_turns(names: Names) -> None:
    def both(zone: Zone) -> Zone:
        name = f"vault.{ZONE}"
        return zone.with_rrset(
            name, "A", [Record(name, "A", 30, address) for address in ("127.0.0.1", "127.0.0.2")]
        )

    ZoneFolder(names.folder / "dns").change(both)
    for at in (names.at, names.resolver_at):
        assert {answered(at, "vault", "A").answers[0].value for _ in range(4)} == {"127.0.0.1", "127.0.0.2"}
        assert {answered(at, "_vault._tcp").additional[0].value for _ in range(4)} == {
            "127.0.0.1",
            "127.0.0.2",
        }


def test_a_flush_empties_the_resolver(names: Names) -> None:
    assert port_of(names.resolver_at, "vault") == "8200"
    names.change("vault", {**SERVICES, "vault": (HOST, 8300)}, ttl=30)
    assert port_of(names.resolver_at, "vault") == "8200"
    flush(names.folder / "resolver")
    assert port_of(names.resolver_at, "vault") == "8300"


def test_a_copy_that_is_held_is_served_until_it_is_let_go(names: Names) -> None:
    zone = ZoneFolder(names.folder / "dns")
    zone.hold(zone.read())
    zone.change(lambda now: now.with_rrset(f"_vault._tcp.{ZONE}", "SRV", []))
    assert port_of(names.at, "vault") == "8200"
    zone.release()
    assert port_of(names.at, "vault") == ""


def test_copies_age_with_the_time_that_a_drill_jumps_over(names: Names) -> None:
    assert port_of(names.resolver_at, "vault") == "8200"
    names.change("vault", {**SERVICES, "vault": (HOST, 8300)}, ttl=30)
    pass_time(names.folder / "resolver", 20.0)
    answer = answered(names.resolver_at, "_vault._tcp").answers[0]
    assert answer.value.split()[2] == "8200"
    assert answer.ttl <= 10
    pass_time(names.folder / "resolver", 10.0)
    assert port_of(names.resolver_at, "vault") == "8300"

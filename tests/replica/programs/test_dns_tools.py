from __future__ import annotations

from pathlib import Path

import pytest

from blackstart.replica.components import dns
from blackstart.replica.layout import HOST
from blackstart.replica.programs.dns_cache import FLUSH
from blackstart.replica.programs.dns_policy import PolicyFile, Rule
from blackstart.replica.programs.dns_tools import run_cache, run_policy, run_zone
from blackstart.replica.programs.dns_zone import LISTEN, ZoneFolder

SERIAL = dns.SERIAL


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folders of an authority and a resolver, which do not run."""
    ZoneFolder(tmp_path / "dns").create(dns.zone({"vault": (HOST, 8200)}))
    (tmp_path / "resolver").mkdir()
    return tmp_path


Output = pytest.CaptureFixture[str]


def say(data: Path, line: str, output: Output) -> str:
    """What `zone` says, errors too."""
    run_zone(data, line.split())
    said = output.readouterr()
    return said.out + said.err


def test_show(data: Path, capsys: Output) -> None:
    assert say(data, "show vault", capsys) == "vault                30 A    127.0.0.1\n"
    assert say(data, "show", capsys).splitlines() == [
        f"@                    30 SOA  ns1.platform.test hostmaster.platform.test {SERIAL} 300 60 86400 30",
        "@                    30 NS   ns1.platform.test",
        "ns1                  30 A    127.0.0.1",
        "vault                30 A    127.0.0.1",
        "_vault._tcp          30 SRV  0 0 8200 vault.platform.test",
    ]
    assert run_zone(data, ["show", "nobody"]) == 1


def test_set_add_and_remove(data: Path, capsys: Output) -> None:
    assert say(data, "set vault A 127.0.0.5", capsys) == f"serial {SERIAL + 1} published\n"
    assert say(data, "add vault A 127.0.0.6", capsys) == f"serial {SERIAL + 2} published\n"
    assert say(data, "add vault A 127.0.0.6", capsys) == f"nothing to change in serial {SERIAL + 2}\n"
    assert say(data, "show vault", capsys).split()[3::4] == ["127.0.0.5", "127.0.0.6"]
    say(data, "remove vault A 127.0.0.5", capsys)
    assert say(data, "show vault", capsys).split()[3::4] == ["127.0.0.6"]
    say(data, "remove vault", capsys)
    assert say(data, "show vault", capsys) == ""


def test_a_host_of_a_record_may_leave_the_zone_out(data: Path, capsys: Output) -> None:
    say(data, "set _web._tcp srv 1 2 80 vault", capsys)
    assert say(data, "show _web._tcp", capsys).split()[3:] == ["1", "2", "80", "vault.platform.test"]


def test_what_replaces_a_record_has_its_ttl(data: Path, capsys: Output) -> None:
    say(data, "ttl 300 vault _vault._tcp", capsys)
    say(data, "set vault A 127.0.0.5", capsys)
    assert say(data, "show vault", capsys).split()[1] == "300"
    assert say(data, "show _vault._tcp", capsys).split()[1] == "300"


def test_history_and_rollback(data: Path, capsys: Output) -> None:
    say(data, "remove _vault._tcp", capsys)
    say(data, "set vault A 127.0.0.5", capsys)
    assert say(data, "history", capsys).splitlines() == [
        f"{SERIAL}",
        f"{SERIAL + 1}",
        "  - _vault._tcp          30 SRV  0 0 8200 vault.platform.test",
        f"{SERIAL + 2}",
        "  - vault                30 A    127.0.0.1",
        "  + vault                30 A    127.0.0.5",
    ]
    assert say(data, f"rollback {SERIAL}", capsys) == f"serial {SERIAL + 3} published\n"
    first = dns.zone({"vault": (HOST, 8200)})
    assert set(ZoneFolder(data / "dns").read().records) == set(first.with_serial(SERIAL + 3).records)


def test_rollback_mends_a_zone_that_cannot_be_read(data: Path, capsys: Output) -> None:
    say(data, "set vault A 127.0.0.5", capsys)
    folder = ZoneFolder(data / "dns")
    folder.file.write_text("{")
    assert "a file is damaged" in say(data, "show", capsys)
    assert say(data, f"rollback {SERIAL}", capsys).endswith("published\n")
    assert say(data, "show vault", capsys).split()[3] == "127.0.0.1"


def test_reload_lets_go_of_a_copy(data: Path, capsys: Output) -> None:
    folder = ZoneFolder(data / "dns")
    folder.hold(folder.read().with_serial(1))
    assert say(data, "reload", capsys) == f"serial {SERIAL} is to be served\n"
    assert folder.held_zone() is None


def test_serial_of_an_authority_that_does_not_run(data: Path, capsys: Output) -> None:
    (data / "dns" / LISTEN).write_text("127.0.0.1:1")
    assert say(data, "serial", capsys) == f"published {SERIAL}\nzone serial: connection refused\n"


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("set vault A vault", "zone set: 'vault' is no IPv4 address"),
        ("set vault AAAA ::1", "zone set: TYPE is one of A, NS, SRV, not AAAA"),
        (
            "set vault SRV 0 0 vault",
            "zone set: the VALUE of a record SRV is PRIORITY WEIGHT PORT HOST, not '0 0 vault'",
        ),
        (
            "set vault SRV 0 0 99999 vault",
            "zone set: the VALUE of a record SRV is PRIORITY WEIGHT PORT HOST, not",
        ),
        ("remove nobody", "zone remove: there is no such record of nobody.platform.test"),
        ("remove @", "zone remove: a zone cannot be without its SOA record"),
        ("ttl soon vault", "zone ttl: SECONDS is a whole number, not 'soon'"),
        ("ttl 30 nobody", "zone ttl: there is no record of nobody.platform.test"),
        ("rollback 1", "zone rollback: there is no earlier version 1; there are none"),
        ("ttl 30", "usage: zone show"),
        ("", "usage: zone show"),
        ("publish", "usage: zone show"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(
    data: Path, capsys: Output, line: str, what: str
) -> None:
    assert run_zone(data, line.split()) == 2
    assert capsys.readouterr().err.startswith(what)
    assert ZoneFolder(data / "dns").read().serial == SERIAL


def test_policy(data: Path, capsys: Output) -> None:
    assert run_policy(data, ["show"]) == 0
    PolicyFile(data / "dns").add(Rule("vault.platform.test", "SERVFAIL"))
    PolicyFile(data / "resolver").add(Rule("*", "DELAY", delay_ms=500))
    assert run_policy(data, ["show"]) == 0
    assert run_policy(data, ["remove", "dns", "vault"]) == 0
    assert run_policy(data, ["remove", "resolver", "*"]) == 0
    assert capsys.readouterr().out == (
        "no rules: dns and resolver answer the truth\n"
        "dns       vault.platform.test SERVFAIL\n"
        "resolver  * DELAY 500 ms\n"
        "dns answers the truth for vault.platform.test\n"
        "resolver answers the truth for *\n"
    )
    assert PolicyFile(data / "dns").rules() == PolicyFile(data / "resolver").rules() == ()
    assert run_policy(data, ["remove", "dns", "vault"]) == 2
    assert run_policy(data, ["remove", "vault", "vault"]) == 2
    assert capsys.readouterr().err == (
        "policy remove: dns has no rule for vault.platform.test\n"
        "policy remove: SERVER is one of dns, resolver, not vault\n"
    )


def test_cache(data: Path, capsys: Output) -> None:
    assert run_cache(data, ["flush"]) == 0
    assert (data / "resolver" / FLUSH).exists()
    assert run_cache(data, []) == 2
    assert capsys.readouterr().err.startswith("usage: cache flush")

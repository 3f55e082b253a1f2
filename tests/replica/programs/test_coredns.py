from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from blackstart.replica.components.dns import zone
from blackstart.replica.programs import coredns
from blackstart.replica.programs.container import Container
from blackstart.replica.programs.dns_cache import flush
from blackstart.replica.programs.dns_policy import PolicyFile, Rule
from blackstart.replica.programs.dns_told import COREFILE
from blackstart.replica.programs.dns_zone import LISTEN, ZoneFolder
from blackstart.replica.stack import home

ZONE = zone({"vault": ("172.30.7.2", 8200)})
VAULT = "_vault._tcp.platform.test"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a CoreDNS that does not run."""
    (tmp_path / COREFILE).touch()
    return tmp_path


def served(folder: Path) -> str:
    return (folder / coredns.MASTER_FILE).read_text()


def answered(folder: Path) -> str:
    return (folder / coredns.RULES).read_text()


def test_a_master_file_has_every_record_with_whole_names() -> None:
    text = coredns.master_file(ZONE)
    assert text.startswith(
        "$ORIGIN .\nplatform.test 30 IN SOA ns1.platform.test hostmaster.platform.test 2026010101 "
    )
    assert f"\n{VAULT} 30 IN SRV 0 0 8200 vault.platform.test\n" in text
    assert "\nvault.platform.test 30 IN A 172.30.7.2\n" in text


def test_a_rule_matches_its_whole_name_only_and_lets_others_pass() -> None:
    text = coredns.rules([Rule(VAULT, "SERVFAIL")], None, "1")
    assert 'match "^_vault[.]_tcp[.]platform[.]test[.]$"\n    rcode SERVFAIL\n    fallthrough\n' in text


def test_the_rule_for_every_name_matches_without_looking() -> None:
    assert "template ANY ANY . {\n    rcode REFUSED\n" in coredns.rules([Rule("*", "REFUSED")], None, "1")


@pytest.mark.parametrize(("action", "code"), [("NXDOMAIN", "NXDOMAIN"), ("EMPTY", "NOERROR")])
def test_the_no_of_an_authority_may_be_kept_as_long_as_its_zone_says(action: str, code: str) -> None:
    text = coredns.rules([Rule(VAULT, action)], ZONE, "1")  # type: ignore[arg-type] # one of the actions
    assert f"    rcode {code}\n" in text
    assert "2026010101 300 60 86400 30" in text


def test_the_no_of_an_authority_may_be_kept_as_long_as_its_rule_says() -> None:
    text = coredns.rules([Rule(VAULT, "NXDOMAIN", ttl=7200)], ZONE, "1")
    soa = (
        "platform.test. 7200 IN SOA ns1.platform.test. hostmaster.platform.test. 2026010101 300 60 86400 7200"
    )
    assert f'    authority "{soa}"\n' in text


def test_the_no_of_a_resolver_has_no_authority() -> None:
    assert "authority" not in coredns.rules([Rule(VAULT, "NXDOMAIN")], None, "1")


def test_a_rule_without_words_is_refused() -> None:
    with pytest.raises(ValueError, match=r"CoreDNS cannot do this: \* DELAY 300 ms"):
        coredns.rules([Rule("*", "DELAY", delay_ms=300)], None, "1")


@pytest.mark.parametrize("component", ["dns", "resolver"])
def test_what_is_shipped_is_what_would_be_written(component: str) -> None:
    text = (home() / "compose" / component / coredns.RULES).read_text()
    assert text == coredns.rules([], None, "as shipped")


def test_each_change_of_a_zone_is_written_for_it(folder: Path) -> None:
    authority = ZoneFolder(folder)
    authority.create(ZONE)
    assert served(folder) == coredns.master_file(ZONE)
    authority.change(lambda zone: zone.with_rrset(VAULT, "SRV", []))
    assert VAULT not in served(folder)
    authority.roll_back(ZONE.serial)
    assert VAULT in served(folder)
    authority.hold(replace(ZONE, records=ZONE.records[:3]))
    assert VAULT not in served(folder)
    authority.release()
    assert VAULT in served(folder)


def test_what_another_left_unwritten_is_written_by_the_next_change(folder: Path) -> None:
    authority = ZoneFolder(folder)
    authority.create(ZONE)
    (folder / coredns.MASTER_FILE).write_text("what was there before whoever changed the zone died")
    authority.change(lambda zone: zone)
    assert served(folder) == coredns.master_file(ZONE)


def test_each_change_of_a_policy_is_written_for_it(folder: Path) -> None:
    policy = PolicyFile(folder)
    policy.add(Rule(VAULT, "SERVFAIL"))
    assert "SERVFAIL" in answered(folder)
    policy.remove(VAULT)
    assert "SERVFAIL" not in answered(folder)


def test_others_may_read_what_it_serves(folder: Path) -> None:
    ZoneFolder(folder).create(ZONE)
    assert {(folder / name).stat().st_mode & 0o777 for name in (coredns.MASTER_FILE, coredns.RULES)} == {
        0o644
    }


def test_a_folder_of_another_server_gets_nothing(tmp_path: Path) -> None:
    ZoneFolder(tmp_path).create(ZONE)
    PolicyFile(tmp_path).add(Rule(VAULT, "SERVFAIL"))
    assert not (tmp_path / coredns.MASTER_FILE).exists()
    assert not (tmp_path / coredns.RULES).exists()


def test_who_is_told_is_asked_until_it_serves_the_new_version(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / LISTEN).write_text("127.0.0.1:10053")
    Container("unix:///nowhere", "INC-1", "resolver").note(folder)
    told: list[str] = []
    says = iter([False, True, True, False, *[True] * 20])
    asked: list[tuple[str, int]] = []

    def serves(server: tuple[str, int], version: str) -> bool:
        assert version in answered(folder)
        asked.append(server)
        return next(says)

    def tell(_: Container, signal: str) -> int:
        told.append(signal)
        return 1

    monkeypatch.setattr(Container, "tell", tell)
    monkeypatch.setattr(coredns, "_serves", serves)
    flush(folder)
    assert told == ["USR1"]
    assert asked == [("127.0.0.1", 10053)] * (4 + coredns.SURE)

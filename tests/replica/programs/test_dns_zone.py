from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from blackstart.replica.programs.dns_zone import Zone, ZoneFolder
from blackstart.replica.programs.dnsclient import Record

SOA = Record("platform.test", "SOA", 30, "ns1.platform.test hostmaster.platform.test 7 300 60 86400 30")
VAULT = Record("vault.platform.test", "A", 30, "127.0.0.1")
ZONE = Zone("platform.test", (SOA, VAULT))


@pytest.fixture
def folder(tmp_path: Path) -> ZoneFolder:
    folder = ZoneFolder(tmp_path)
    folder.create(ZONE)
    return folder


def added(number: int) -> Record:
    return Record(f"n{number}.platform.test", "A", 30, f"127.0.0.{number}")


def adding(number: int) -> Callable[[Zone], Zone]:
    return lambda zone: replace(zone, records=(*zone.records, added(number)))


def test_each_change_counts_the_serial_up_and_keeps_what_was(folder: ZoneFolder) -> None:
    assert folder.change(adding(2)) == 8
    assert folder.change(lambda zone: zone.with_rrset(VAULT.name, "A", [])) == 9
    assert folder.read().find(VAULT.name) == ()
    assert folder.versions() == [7, 8]
    assert folder.version(7) == ZONE
    assert set(folder.version(8).records) == {*ZONE.with_serial(8).records, added(2)}


def test_what_makes_no_difference_is_no_change(folder: ZoneFolder) -> None:
    before = folder.file.read_bytes()
    assert folder.change(lambda zone: zone.with_rrset(VAULT.name, "A", [VAULT])) == 7
    assert folder.change(lambda zone: replace(zone, records=zone.records[::-1])) == 7
    assert folder.file.read_bytes() == before
    assert folder.versions() == []


def test_the_latest_twenty_are_kept(folder: ZoneFolder) -> None:
    for number in range(25):
        folder.change(adding(number))
    assert folder.versions() == list(range(12, 32))


def test_two_who_write_at_once_lose_nothing(folder: ZoneFolder) -> None:
    def write(first: int) -> None:
        for number in range(first, first + 20):
            folder.change(adding(number))

    threads = [threading.Thread(target=write, args=(first,)) for first in (0, 100, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(folder.read().records) == 62
    assert folder.read().serial == 67
    assert [file.name for file in folder.folder.glob(".zone*")] == [], "no half-written file is left"


def test_a_server_that_is_started_again_finds_its_zone_as_it_was(folder: ZoneFolder) -> None:
    folder.change(lambda zone: zone.with_rrset(VAULT.name, "A", []))
    folder.hold(ZONE)
    folder.create(ZONE)
    assert folder.read().serial == 8
    assert folder.held_zone() == ZONE


def test_another_zone_begins_anew(folder: ZoneFolder) -> None:
    folder.change(lambda zone: zone.with_rrset(VAULT.name, "A", []))
    folder.hold(ZONE)
    other = replace(ZONE, records=(SOA, replace(VAULT, value="127.0.0.3")))
    folder.create(other)
    assert folder.read() == other
    assert folder.versions() == []
    assert folder.held_zone() is None


def test_a_name_in_each_way_that_people_type_it() -> None:
    assert {
        ZONE.whole_name(name) for name in ("vault", "Vault.", "vault.platform.test", "VAULT.platform.test.")
    } == {"vault.platform.test"}
    assert {ZONE.whole_name(name) for name in ("@", "platform.test", "platform.test.")} == {"platform.test"}


def test_the_file_is_plain_json(folder: ZoneFolder) -> None:
    document = json.loads(folder.file.read_text())
    assert document["zone"] == "platform.test"
    assert document["records"][1] == {
        "name": "vault.platform.test",
        "type": "A",
        "ttl": 30,
        "value": "127.0.0.1",
    }

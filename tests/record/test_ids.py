"""Drill ids: claimed once, found again."""

from __future__ import annotations

import os
import threading
from datetime import date
from pathlib import Path

import pytest

from blackstart.errors import UsageError
from blackstart.record.ids import claim, find, known

DAY = date(2026, 4, 26)


def test_ids_count_up_within_a_day(tmp_path: Path) -> None:
    ids = [claim(tmp_path, DAY)[0] for _ in range(3)]
    assert ids == [f"INC-2026-04-26-00{n}" for n in (1, 2, 3)]
    assert claim(tmp_path, date(2026, 4, 27))[0] == "INC-2026-04-27-001"


def test_more_than_a_thousand_in_a_day(tmp_path: Path) -> None:
    (tmp_path / "INC-2026-04-26-999").mkdir()
    assert claim(tmp_path, DAY)[0] == "INC-2026-04-26-1000"
    assert claim(tmp_path, DAY)[0] == "INC-2026-04-26-1001"


def test_two_at_once_never_share_one(tmp_path: Path) -> None:
    ids: list[str] = []
    threads = [threading.Thread(target=lambda: ids.append(claim(tmp_path, DAY)[0])) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(ids)) == 16


def test_latest_links_to_the_newest(tmp_path: Path) -> None:
    claim(tmp_path, DAY)
    drill, folder = claim(tmp_path, DAY)
    assert os.readlink(tmp_path / "latest") == drill
    assert find(tmp_path, "latest") == folder


def test_found_by_id_or_by_its_end(tmp_path: Path) -> None:
    _, folder = claim(tmp_path, DAY)
    assert find(tmp_path, "INC-2026-04-26-001") == find(tmp_path, "001") == folder


def test_a_wrong_id_names_the_nearest(tmp_path: Path) -> None:
    claim(tmp_path, DAY)
    with pytest.raises(UsageError) as caught:
        find(tmp_path, "INC-2026-04-62-001")
    assert caught.value.hint == "did you mean INC-2026-04-26-001?"


def test_no_drill_yet(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no drill in"):
        find(tmp_path, "latest")


def test_ids_are_ordered_by_day_and_number(tmp_path: Path) -> None:
    for name in ("INC-2026-04-26-1000", "INC-2026-04-26-999", "INC-2026-04-27-001", "INC-2026-04-26-002"):
        (tmp_path / name).mkdir()
    (tmp_path / "INC-2026-04-26-003").touch()
    assert known(tmp_path) == [
        "INC-2026-04-26-002",
        "INC-2026-04-26-999",
        "INC-2026-04-26-1000",
        "INC-2026-04-27-001",
    ]


def test_latest_without_its_link_or_its_folder_is_the_newest(tmp_path: Path) -> None:
    for number in ("999", "1000"):
        (tmp_path / f"INC-2026-04-26-{number}").mkdir()
    assert find(tmp_path, "latest").name == "INC-2026-04-26-1000"
    (tmp_path / "latest").symlink_to("INC-2026-04-26-001")
    assert find(tmp_path, "latest").name == "INC-2026-04-26-1000"
    (tmp_path / "latest").unlink()
    (tmp_path / "latest").symlink_to("INC-2026-04-26-999")
    assert find(tmp_path, "latest").name == "INC-2026-04-26-999"


def test_found_by_its_beginning(tmp_path: Path) -> None:
    _, folder = claim(tmp_path, DAY)
    assert find(tmp_path, "INC-2026-04-26") == folder


def test_a_whole_id_is_never_ambiguous(tmp_path: Path) -> None:
    for name in ("INC-2026-04-26-100", "INC-2026-04-26-1000"):
        (tmp_path / name).mkdir()
    assert find(tmp_path, "INC-2026-04-26-100").name == "INC-2026-04-26-100"


def test_what_could_be_several_names_them(tmp_path: Path) -> None:
    for day in (26, 27):
        claim(tmp_path, date(2026, 4, day))
    with pytest.raises(UsageError, match=r"2 drills in .* could be '001'") as caught:
        find(tmp_path, "001")
    assert caught.value.hint == "one of INC-2026-04-26-001, INC-2026-04-27-001"


def test_nothing_is_like_everything(tmp_path: Path) -> None:
    claim(tmp_path, DAY)
    with pytest.raises(UsageError, match=r"no drill in .* is called ''"):
        find(tmp_path, "")


def test_the_reports_folder_is_made(tmp_path: Path) -> None:
    drill, folder = claim(tmp_path / "a" / "b", DAY)
    assert folder == tmp_path / "a" / "b" / drill
    assert folder.is_dir()


def test_a_reports_folder_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "reports").touch()
    with pytest.raises(UsageError, match=r"the reports folder .* cannot be used: File exists"):
        claim(tmp_path / "reports", DAY)


def test_a_latest_that_is_no_link_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "latest").mkdir()
    with pytest.raises(UsageError, match=r"cannot be used: Is a directory: .*latest"):
        claim(tmp_path, DAY)
    assert (tmp_path / "latest").is_dir()

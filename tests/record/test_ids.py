"""Drill ids: claimed once, found again."""

from __future__ import annotations

import os
import threading
from datetime import date
from pathlib import Path

import pytest

from blackstart.errors import UsageError
from blackstart.record.ids import claim, find

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

"""What a drill lacks beside the compose file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.replica.foreign.conftest import image_ports, shop

from blackstart.replica import sql
from blackstart.replica.foreign.judge import judge
from blackstart.replica.foreign.lacking import NO_MAP, lacking, map_of

MAP = """\
kind: platform
components:
  db: {owner: data, kind: postgres, probes: [db], checks: {db: {sql: {user: u, database: d}}}}
capabilities: {}
teams: {}
"""
DRIVER = (
    "a check of the kind sql needs the package psycopg, which is not installed: pip install 'blackstart[sql]'"
)


@pytest.fixture
def without_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "find_spec", lambda name: None)


def placed(root: Path, text: str) -> Path:
    """A compose file in a folder below a root with that map."""
    (root / "scenarios").mkdir(parents=True)
    (root / "scenarios" / "platform.yaml").write_text(text)
    (root / "deploy").mkdir()
    return root / "deploy" / "compose.yml"


def lacks(file: Path, root: Path | None = None, **services: Any) -> list[str]:
    _, said = lacking(file, judge(shop(**services), image_ports), set(), root)
    return said


def test_the_nearest_map_above_the_file_or_that_of_the_root(tmp_path: Path) -> None:
    file = placed(tmp_path / "a", MAP)
    placed(tmp_path / "b", MAP)
    assert map_of(file, None) == tmp_path / "a" / "scenarios" / "platform.yaml"
    assert map_of(file, tmp_path / "b") == tmp_path / "b" / "scenarios" / "platform.yaml"
    assert map_of(file, tmp_path) is None


def test_nothing_is_lacking(tmp_path: Path) -> None:
    assert lacks(placed(tmp_path, MAP)) == []


@pytest.mark.usefixtures("without_driver")
def test_the_driver_for_a_check_of_the_map(tmp_path: Path) -> None:
    assert lacks(placed(tmp_path, MAP)) == [DRIVER]


@pytest.mark.usefixtures("without_driver")
def test_the_driver_for_a_check_of_a_label(tmp_path: Path) -> None:
    labels = {"blackstart.component": "it", "blackstart.probe.it": "sql u@d PASSWORD select 1"}
    assert lacks(tmp_path / "compose.yml", tmp_path, it={"image": "dns", "labels": labels}) == [
        DRIVER,
        NO_MAP,
    ]


def test_a_file_without_a_map(tmp_path: Path) -> None:
    assert lacks(tmp_path / "compose.yml", tmp_path) == [NO_MAP]


def test_a_kind_that_the_map_does_not_have(tmp_path: Path) -> None:
    (said,) = lacks(placed(tmp_path, MAP.replace("kind: postgres", "kind: vault")))
    assert said.startswith("db is of the kind postgres by its label, and of the kind vault by the map")


def test_what_of_the_map_no_service_is(tmp_path: Path) -> None:
    (said,) = lacks(placed(tmp_path, MAP), db=None)
    assert said.startswith(
        "platform.yaml has the component db, and no service of the compose file is it; label its"
    )
    assert said.endswith(f"(the map is {tmp_path / 'scenarios' / 'platform.yaml'})")


def test_a_map_that_is_wrong(tmp_path: Path) -> None:
    (said,) = lacks(placed(tmp_path, "kind: platform\ncomponents: 1\n"))
    assert "platform.yaml:" in said
    assert said.endswith("blackstart check says all that is wrong with the map")

"""Each crew on the real replica yields exactly the findings that its file says, over several seeds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blackstart.check import load_crew
from blackstart.record.reader import read

if TYPE_CHECKING:
    from tests.integration.conftest import Blackstart, Drill

pytestmark = pytest.mark.replica

ROOT = Path(__file__).resolve().parents[2]
CREWS = sorted(path.stem for path in (ROOT / "scenarios" / "crews").glob("*.yaml"))
SEEDS = (1, 2, 3)
SCENARIO = "scenarios/vault/auth-503.yaml"


def test_the_five_crews_are_there() -> None:
    assert CREWS == ["by-the-book", "fix-first", "hasty", "silent", "slow"]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("crew", CREWS)
def test_a_crew_gets_the_findings_it_deserves_and_no_other(drill: Drill, crew: str, seed: int) -> None:
    loaded, _ = load_crew(crew, ROOT)
    drilled = drill(crew, seed)
    assert drilled.failed == sorted(loaded.model.expect)
    assert drilled.unknown == []
    assert drilled.exit_code == (1 if loaded.model.expect else 0)


@pytest.mark.parametrize("seed", SEEDS)
def test_by_the_book_has_every_metric_measured(drill: Drill, seed: int) -> None:
    metrics = drill("by-the-book", seed).review["metrics"]
    assert {m["name"]: m["status"] for m in metrics} == dict.fromkeys(
        (m["name"] for m in metrics), "measured"
    )
    assert len(metrics) >= 14


SCRIPTED = (
    "fault.intended",
    "inject.delivered",
    "thread.posted",
    "thread.pinned",
    "status.posted",
    "command.started",
)


def scripted_instants(folder: Path) -> list[tuple[str, str, float]]:
    """What the scenario and the crew did, in order, with the drill second of each section's first command."""
    instants: list[tuple[str, str, float]] = []
    for event in read(folder):
        if event.kind not in SCRIPTED:
            continue
        if event.kind == "command.started" and instants and instants[-1][:2] == (event.kind, event.actor):
            continue  # the next command of one section begins when the one before has ended, which is real time
        instants.append((event.kind, event.actor, event.drill_s))
    return instants


def test_the_same_seed_gives_exactly_the_same_scripted_instants(
    drill: Drill, blackstart: Blackstart, tmp_path: Path
) -> None:
    again = blackstart("run", SCENARIO, "--seed", "1", "--reports-dir", tmp_path, "--json")
    folder = Path(json.loads(again.stdout)["drills"][0]["folder"])
    assert scripted_instants(folder) == scripted_instants(drill("by-the-book", 1).folder)


def test_another_seed_gives_others(drill: Drill) -> None:
    first, second = (scripted_instants(drill("by-the-book", seed).folder) for seed in (1, 2))
    assert first != second

"""From the command line's words to drills."""

from __future__ import annotations

from pathlib import Path

import pytest

from blackstart.drill.planning import Asked, drills_of
from blackstart.errors import InputError, UsageError

ROOT = Path(__file__).resolve().parents[2]
SCENARIO = ROOT / "scenarios" / "vault" / "auth-503.yaml"
PLAN = ROOT / "drills" / "ci-smoke.yaml"


def test_a_scenario_is_one_drill_with_the_defaults(tmp_path: Path) -> None:
    (drill,) = drills_of(Asked(SCENARIO, tmp_path))
    assert (drill.crew_name, drill.seed, drill.mode, drill.pace) == ("by-the-book", 1, "jump", 1.0)
    assert [file.kind for file in drill.bundle.files] == ["scenario", "protocol", "runbook", "platform"]


def test_options_win_over_a_plan(tmp_path: Path) -> None:
    planned = drills_of(Asked(PLAN, tmp_path))
    asked = drills_of(Asked(PLAN, tmp_path, crew="silent", seed=7, pace=6.0))
    assert len(asked) == len(planned)
    assert {(d.crew_name, d.seed, d.mode, d.pace) for d in asked} == {("silent", 7, "paced", 6.0)}


def test_pace_one_is_real_time(tmp_path: Path) -> None:
    (drill,) = drills_of(Asked(SCENARIO, tmp_path, pace=1.0))
    assert (drill.mode, drill.pace) == ("real", 1.0)


def test_a_crew_by_its_path(tmp_path: Path) -> None:
    own = tmp_path / "mine.yaml"
    own.write_text((ROOT / "scenarios" / "crews" / "silent.yaml").read_text("utf-8"), "utf-8")
    (drill,) = drills_of(Asked(SCENARIO, tmp_path / "reports", crew=str(own)))
    assert drill.crew_name == "mine"


def test_a_compose_file_of_ones_own_is_drilled_in_containers_and_goes_on_record(tmp_path: Path) -> None:
    own = tmp_path / "docker-compose.yml"
    own.write_text("services: {}\n", "utf-8")
    (drill,) = drills_of(Asked(SCENARIO, tmp_path / "reports", compose=own))
    assert (drill.replica, drill.compose) == ("compose", own)
    assert drill.compose_file is not None
    assert (drill.compose_file.kind, drill.compose_file.text) == ("compose", "services: {}\n")


def test_the_command_line_chooses_the_replica_over_the_plan(tmp_path: Path) -> None:
    assert {drill.replica for drill in drills_of(Asked(PLAN, tmp_path))} == {"local"}
    assert {drill.replica for drill in drills_of(Asked(PLAN, tmp_path, replica="compose"))} == {"compose"}


@pytest.mark.parametrize(
    ("asked", "error", "what"),
    [
        (Asked(SCENARIO, ROOT, pace=0.0), UsageError, "--pace is 0"),
        (Asked(SCENARIO, ROOT, pace=float("nan")), UsageError, "--pace is nan"),
        (Asked(SCENARIO, ROOT, replica="kubernetes"), UsageError, "no replica is called 'kubernetes'"),
        (Asked(SCENARIO, ROOT, replica="local", compose=PLAN), UsageError, "--replica says local"),
        (Asked(SCENARIO, ROOT, compose=ROOT / "nope.yml"), UsageError, "nope.yml cannot be read"),
        (Asked(SCENARIO, SCENARIO), UsageError, "is not a folder"),
        (Asked(SCENARIO, ROOT, crew="sillent"), InputError, 'no crew is called "sillent"'),
        (Asked(ROOT / "scenarios" / "nope.yaml", ROOT), InputError, "no such file"),
        (Asked(ROOT / "scenarios" / "platform.yaml", ROOT), InputError, "a scenario is needed here"),
    ],
)
def test_what_cannot_be_is_refused_before_anything(asked: Asked, error: type[Exception], what: str) -> None:
    with pytest.raises(error, match=what):
        drills_of(asked)

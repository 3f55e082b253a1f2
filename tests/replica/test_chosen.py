"""Which replica a drill gets, and what of its plan goes with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from blackstart.platform import Platform
from blackstart.replica.chosen import chosen
from blackstart.replica.containers.project import UP_LIMIT_S
from blackstart.replica.patience import patience

PLATFORM = Platform.model_validate({"kind": "platform", "components": {}, "capabilities": {}, "teams": {}})


@pytest.mark.parametrize(
    ("name", "compose", "up_within_s", "patient_s"),
    [
        ("local", None, None, 0.0),
        ("compose", None, None, 0.0),
        ("compose", Path("docker-compose.yml"), None, UP_LIMIT_S),
        ("compose", Path("docker-compose.yml"), 600.0, 600.0),
    ],
)
def test_a_platform_of_ones_own_has_the_time_that_the_plan_gives_it(
    tmp_path: Path, name: str, compose: Path | None, up_within_s: float | None, patient_s: float
) -> None:
    made = chosen(name, tmp_path, "d", [], platform=PLATFORM, compose=compose, up_within_s=up_within_s)
    assert patience(made) == patient_s

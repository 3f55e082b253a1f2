"""How compose is asked about a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from blackstart.replica.foreign.reading import own_name, profiled


@pytest.mark.parametrize(
    ("folder", "name"), [("My Shop", "myshop"), ("größe", "gre"), ("-_x", "x"), ("ö", "platform")]
)
def test_a_projects_name_is_one_that_compose_takes(folder: str, name: str) -> None:
    assert own_name(Path("/srv") / folder / "docker-compose.yml") == name


def test_components_that_only_a_profile_starts() -> None:
    labels = {"blackstart.component": "it"}
    every = {
        "services": {
            "here": {"labels": labels},
            "it": {"labels": labels, "profiles": ["debug", "all"]},
            "tool": {"profiles": ["debug"]},
        }
    }
    assert list(profiled({"services": {"here": {}}}, every)) == [
        "it is a component that only a profile starts: with COMPOSE_PROFILES=debug before blackstart it is drilled too"
    ]

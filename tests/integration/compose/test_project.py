"""One compose project a drill: it comes up with the label on everything, and goes away with nothing left."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from blackstart.replica.containers.project import Project
from blackstart.replica.containers.removal import Counts

from .conftest import WAITS, quiet

if TYPE_CHECKING:
    from blackstart.replica.containers.engine import Engine

Make = Callable[..., Project]


def test_everything_that_up_makes_has_the_label(make: Make, engine: Engine) -> None:
    project = make(
        {
            "one": {"command": WAITS, "volumes": ["kept:/data"]},
            "two": {"command": WAITS, "networks": ["own"]},
        },
        networks={"own": {}},
        volumes={"kept": {}},
    )
    project.up(quiet)
    assert project.counts() == Counts(containers=2, networks=2, volumes=1)
    image = engine.client.images.get("blackstart-test:1").id
    assert project.images() == {"one": image, "two": image}


def test_down_leaves_nothing_and_may_be_called_again(make: Make, engine: Engine) -> None:
    before = everything(engine)
    project = make({"one": {"command": WAITS, "volumes": ["kept:/data", "/tmp"]}}, volumes={"kept": {}})
    project.up(quiet)
    for file in project.folder.parent.glob("*.yml"):
        file.unlink()  # down needs none
    assert project.down() == Counts(1, 1, 1)
    assert project.down() == Counts(0, 0, 0)
    assert not project.counts()
    assert everything(engine) == before

"""The first scenario with each crew, in containers: the same findings as on the embedded replica, paged by Alertmanager."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from blackstart.check import load_crew
from blackstart.events import PageFired, ReplicaUp
from blackstart.record.reader import read
from blackstart.replica.layout import COMPONENTS

from ..conftest import ROOT
from ..test_crews import CREWS

if TYPE_CHECKING:
    from blackstart.replica.containers.engine import Engine

    from ..conftest import Drill


@pytest.mark.parametrize("crew", CREWS)
def test_a_crew_gets_the_same_findings_as_on_the_embedded_replica(
    engine: Engine, drill: Drill, crew: str
) -> None:
    loaded, _ = load_crew(crew, ROOT)
    drilled, embedded = drill(crew, 1, "compose"), drill(crew, 1)
    assert drilled.failed == embedded.failed == sorted(loaded.model.expect)
    assert drilled.unknown == embedded.unknown == []
    assert drilled.exit_code == embedded.exit_code


def test_what_the_record_of_a_drill_in_containers_has(engine: Engine, drill: Drill) -> None:
    bodies = [event.body for event in read(drill("by-the-book", 1, "compose").folder)]
    page = next(body for body in bodies if isinstance(body, PageFired))
    assert (page.via, page.alert) == ("alertmanager", "VaultLoginFailing")
    up = next(body for body in bodies if isinstance(body, ReplicaUp))
    assert up.images is not None
    assert {"vault", "toxiproxy", "prometheus"} <= set(up.images)
    assert all(each.startswith("sha256:") for each in up.images.values())


def test_every_container_leaves_its_log(engine: Engine, drill: Drill) -> None:
    logs = {
        file.stem: file.stat().st_size
        for file in (drill("by-the-book", 1, "compose").folder / "logs").iterdir()
    }
    assert {*COMPONENTS, "proxy", "toxiproxy", "prometheus", "alertmanager", "seed"} <= set(logs)
    assert logs["vault"] > 0

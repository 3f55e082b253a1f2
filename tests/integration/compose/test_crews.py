"""The first scenario with each crew, in containers: the same findings as on the embedded replica, paged by Alertmanager."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from blackstart.check import load_crew
from blackstart.drill.folder import label_of
from blackstart.events import AlertReceived, PageFired, ReplicaUp
from blackstart.record.reader import read
from blackstart.replica.containers.engine import DRILL
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
    """Both are held to what the crew's file expects: `../test_crews.py` has the embedded replica."""
    loaded, _ = load_crew(crew, ROOT)
    drilled = drill(crew, 1, "compose")
    assert drilled.failed == sorted(loaded.model.expect)
    assert drilled.unknown == []
    assert drilled.exit_code == (1 if loaded.model.expect else 0)


def test_the_page_came_through_prometheus_and_alertmanager(engine: Engine, drill: Drill) -> None:
    drilled = drill("by-the-book", 1, "compose")
    events = read(drilled.folder)
    (page,) = [event.body for event in events if isinstance(event.body, PageFired)]
    assert (page.via, page.alert, page.probe) == ("alertmanager", "VaultLoginFailing", "vault")
    kinds = [event.kind for event in events]
    broken, paged = kinds.index("fault.effective"), kinds.index("page.fired")
    alerts = [event.body for event in events[broken:paged] if isinstance(event.body, AlertReceived)]
    firing = next(each for each in alerts if each.fingerprint == page.fingerprint)  # there may be others
    assert firing.status == "firing"
    assert firing.summary.shown in page.symptom.shown
    assert "page fired for ic-1 by Alertmanager" in (drilled.folder / "report.html").read_text()


def test_its_record_has_the_images_that_really_ran(engine: Engine, drill: Drill) -> None:
    bodies = [event.body for event in read(drill("by-the-book", 1, "compose").folder)]
    up = next(body for body in bodies if isinstance(body, ReplicaUp))
    assert up.images is not None
    assert {"vault", "toxiproxy", "prometheus"} <= set(up.images)
    assert all(each.startswith("sha256:") for each in up.images.values())


def test_nothing_is_left_of_it(engine: Engine, drill: Drill) -> None:
    assert engine.containers({DRILL: label_of(drill("by-the-book", 1, "compose").folder)}) == []


def test_every_container_leaves_its_log(engine: Engine, drill: Drill) -> None:
    logs = {
        file.stem: file.stat().st_size
        for file in (drill("by-the-book", 1, "compose").folder / "logs").iterdir()
    }
    assert {*COMPONENTS, "proxy", "toxiproxy", "prometheus", "alertmanager", "seed"} <= set(logs)
    assert logs["vault"] > 0

"""A whole drill of a user's own compose file: broken, seen, mended by a crew, and nothing of it left."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from blackstart.drill.folder import label_of
from blackstart.events import (
    Event,
    FaultEffective,
    FaultHealed,
    FaultIntended,
    FaultProven,
    ProbeChanged,
    ReplicaUp,
)
from blackstart.record.reader import read
from blackstart.replica.containers.removal import counts

if TYPE_CHECKING:
    from blackstart.replica.containers.engine import Engine

    from ..conftest import Blackstart

PLAN = Path(__file__).parent / "foreign" / "drills" / "shop.yaml"

Kind = TypeVar("Kind")


@dataclass(frozen=True)
class Shop:
    """What is there after the drill."""

    facts: dict[str, Any]
    folder: Path
    events: list[Event]
    cache: Path

    def only(self, kind: type[Kind]) -> Kind:
        (found,) = [event.body for event in self.events if isinstance(event.body, kind)]
        return found

    def at(self, kind: str) -> int:
        """Where the first event of that kind stands."""
        return [event.kind for event in self.events].index(kind)


@pytest.fixture(scope="module")
def shop(engine: Engine, blackstart: Blackstart, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Run by its plan, on a machine that has none of the embedded replica's tools and reaches no network for them."""
    folder = tmp_path_factory.mktemp("shop")
    offline = {"BLACKSTART_CACHE": str(folder / "cache"), "UV_OFFLINE": "1"}
    done = blackstart("run", PLAN, "--reports-dir", folder / "reports", "--json", **offline)
    assert done.returncode == 0, done.stdout + done.stderr
    (facts,) = json.loads(done.stdout)["drills"]
    drilled = Path(facts["folder"])
    return Shop(facts, drilled, read(drilled), folder / "cache")


def test_a_crew_that_goes_by_the_book_passes(shop: Shop) -> None:
    review = json.loads((shop.folder / "review.json").read_text("utf-8"))
    assert review["outcome"] == "passed"
    assert [each["rule"] for each in review["findings"] if each["verdict"] in ("fail", "unknown")] == []


def test_its_database_is_slow_and_its_own_probe_shows_it(shop: Shop) -> None:
    """The database's check is an SQL query of the map, an order is a POST to its nginx."""
    broken, seen = shop.only(FaultIntended), shop.only(FaultEffective)
    assert (broken.type, broken.target, seen.probe) == ("network.latency", "db", "db-latency")
    during = shop.events[shop.at("fault.injected") : shop.at("fault.proven")]
    changes = [event.body for event in during if isinstance(event.body, ProbeChanged)]
    assert {"db", "db-latency", "order"} <= {each.probe for each in changes if each.state == "red"}
    assert (healed := shop.only(FaultHealed)).fault == broken.fault
    assert healed.by == "people", "the crew mends it by the runbook, with the commands that people have"
    assert shop.only(FaultProven).fault == broken.fault


def test_its_record_has_every_image_that_ran(shop: Shop) -> None:
    up = shop.only(ReplicaUp)
    assert up.images is not None
    assert {"web", "api", "db", "cache", "reports", "blackstart-db-proxy"} <= set(up.images)
    assert all(each.startswith("sha256:") for each in up.images.values())


def test_nothing_is_left_of_it(engine: Engine, shop: Shop) -> None:
    """No container, no network, no volume; nor what was laid over the file."""
    assert not counts(engine, label_of(shop.folder))
    assert not (shop.folder / "replica").exists()


def test_nothing_was_fetched_for_it(shop: Shop) -> None:
    assert not shop.cache.exists()

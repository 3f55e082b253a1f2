"""How docker's own words become a happening."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from docker.errors import DockerException, NotFound

from blackstart.replica.containers import events
from blackstart.replica.containers.endpoint import Endpoint
from blackstart.replica.containers.engine import COMPONENT, DRILL, SERVICE, Engine
from blackstart.replica.containers.events import Happening, Happenings, happening_of
from blackstart.replica.telling import REMOVED
from blackstart.replica.waiting import wait_until

LIMIT_S = 60.0

AT = 1_777_217_400_123_456_789


def event(action: str, type: str = "container", **attributes: str) -> dict[str, Any]:
    return {"Type": type, "Action": action, "Actor": {"ID": "c1", "Attributes": attributes}, "timeNano": AT}


def test_a_death_has_its_exit_code() -> None:
    found = happening_of(event("die", exitCode="137"), {SERVICE: "db", COMPONENT: "store"})
    assert (found.what, found.exit_code, found.component, found.service) == ("die", 137, "store", "db")
    assert (found.container, found.asked) == ("c1", False)
    assert found.wall == datetime(2026, 4, 26, 15, 30, 0, 123456, UTC)


@pytest.mark.parametrize(
    ("told", "what", "detail"),
    [
        (event("kill", signal="15"), "kill", "15"),
        (event("health_status: unhealthy"), "health", "unhealthy"),
        (event("oom"), "oom", ""),
        (event("disconnect", "network", container="c1", name="net"), "disconnect", "net"),
    ],
)
def test_what_goes_with_it(told: dict[str, Any], what: str, detail: str) -> None:
    found = happening_of(told, {SERVICE: "one"})
    assert (found.what, found.detail, found.container, found.component) == (what, detail, "c1", "one")


def test_an_old_docker_tells_seconds_alone() -> None:
    told = {**event("start"), "timeNano": None, "time": AT // 10**9}
    assert happening_of(told, {}).wall == datetime(2026, 4, 26, 15, 30, tzinfo=UTC)


class Stream:
    """Docker's events, until they are no more."""

    def __init__(self, told: list[dict[str, Any]]) -> None:
        self._told = told

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._told)

    def close(self) -> None:
        """Nothing is open."""


def test_what_ends_before_the_first_event_is_read_was_up_when_it_was_parted(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However late the thread comes to it: what ran at the start is what counts."""
    goes_on, told = threading.Event(), list[Happening]()
    monkeypatch.setattr(events, "see_it_listens", lambda endpoint: goes_on.wait(LIMIT_S))
    api: Any = engine.client.api
    api.containers.return_value = [{"Id": "c1"}]
    api.inspect_container.return_value = {"State": {}, "Config": {"Labels": {DRILL: "d", SERVICE: "one"}}}
    parted = event("disconnect", "network", container="c1", name="net")
    api.events.return_value = Stream([parted, event("die", exitCode="0", **{DRILL: "d"})])
    happenings = Happenings(Engine(Endpoint("x", "npipe://x"), engine.client), "d", told.append).start()
    try:
        api.containers.return_value = []
        goes_on.set()
        assert wait_until(lambda: len(told) >= 2, LIMIT_S)
    finally:
        goes_on.set()
        happenings.close()
    assert [each.what for each in told[:2]] == ["disconnect", "die"]


@pytest.mark.parametrize(
    ("looked", "detail"),
    [
        ({"State": {"Status": "exited"}}, ""),
        ({"State": {"Status": "removing"}}, REMOVED),
        (NotFound("no such container"), REMOVED),
        (DockerException("no answer"), ""),
    ],
)
def test_a_death_that_comes_of_a_removal_is_told_as_that(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, looked: Any, detail: str
) -> None:
    told = list[Happening]()
    monkeypatch.setattr(events, "see_it_listens", lambda endpoint: None)
    api: Any = engine.client.api
    api.containers.return_value = [{"Id": "c1"}]
    api.inspect_container.side_effect = [looked]
    api.events.side_effect = [
        Stream([event("die", exitCode="137", **{DRILL: "d", SERVICE: "one"})]),
        Stream([]),
    ]
    happenings = Happenings(Engine(Endpoint("x", "npipe://x"), engine.client), "d", told.append).start()
    assert wait_until(lambda: bool(told), LIMIT_S)
    happenings.close()
    assert (told[0].what, told[0].detail) == ("die", detail)

"""How docker's own words become a happening."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from blackstart.replica.containers.engine import COMPONENT, SERVICE
from blackstart.replica.containers.events import happening_of

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

"""Which containers of a project are well as it comes up, from what docker lists and shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from blackstart.errors import ReplicaError
from blackstart.replica.containers.rising import RESTARTS, Rising

if TYPE_CHECKING:
    from blackstart.replica.containers.engine import Engine

LONG_AGO = "2026-01-02T03:04:05.678901234Z"
NEVER = "0001-01-01T00:00:00Z"


JUST_NOW = "2999-01-02T03:04:05.678901234Z"
"""Never long ago, however late a test comes to look."""


def shown(name: str, state: str, status: str = "", restarts: int = 0, **more: Any) -> dict[str, Any]:
    """A container as docker lists it, with what it shows of it under `shown`."""
    labels = {"com.docker.compose.service": name}
    of = {"Running": state in ("running", "restarting"), "Restarting": state == "restarting"}
    whole = {
        "State": {"StartedAt": LONG_AGO, **of, **more},
        "RestartCount": restarts,
        "Config": {"Labels": labels},
    }
    return {"Id": name, "State": state, "Status": status, "Labels": labels, "shown": whole}


def rising(engine: Engine, *containers: dict[str, Any]) -> Rising:
    api: Any = engine.client.api
    api.containers.return_value = []
    api.logs.return_value = b"no such luck\n"
    found = Rising(engine, "p", {each["Id"]: {} for each in containers}, lambda what, done, total: None)
    api.containers.return_value = list(containers)
    api.inspect_container.side_effect = lambda id: next(c["shown"] for c in containers if c["Id"] == id)
    return found


@pytest.mark.parametrize(
    ("container", "well"),
    [
        (shown("a", "running", "Up 2 seconds"), True),
        (shown("a", "running", "Up 2 seconds (healthy)"), True),
        (shown("a", "running", "Up 2 seconds (health: starting)"), False),
        (shown("a", "exited", "Exited (0) 1 second ago"), True),
        (shown("a", "created", "Created", StartedAt=NEVER), False),
        (shown("a", "restarting", "Restarting (1) 1 second ago", restarts=1), False),
        (shown("a", "running", "Up Less than a second", restarts=1, StartedAt=JUST_NOW), False),
        (shown("a", "running", "Up 2 minutes", restarts=1), True),
        (shown("a", "running", "Up 1 second (healthy)", restarts=1, StartedAt=JUST_NOW), True),
    ],
)
def test_what_is_well(engine: Engine, container: dict[str, Any], well: bool) -> None:
    assert rising(engine, container).all_well() == well


def looping(name: str, restarts: int) -> dict[str, Any]:
    return shown(name, "restarting", "Restarting (1) 1 second ago", restarts=restarts, ExitCode=1)


def test_one_that_ends_again_and_again_when_all_others_are_well_is_refused(engine: Engine) -> None:
    others = shown("a", "running", "Up 9 seconds")
    with pytest.raises(ReplicaError, match=r"b ends again and again .*it ended with code 1") as caught:
        rising(engine, others, looping("b", RESTARTS)).all_well()
    assert caught.value.message.endswith("no such luck")


def test_it_may_be_restarted_while_others_come_up(engine: Engine) -> None:
    others = shown("a", "running", "Up 9 seconds (health: starting)")
    assert not rising(engine, others, looping("b", RESTARTS)).all_well()


def test_it_may_be_restarted_a_few_times(engine: Engine) -> None:
    assert not rising(engine, looping("b", RESTARTS - 1)).all_well()


def broken(engine: Engine, *containers: dict[str, Any]) -> str:
    error = rising(engine, *containers).broken()
    return error.message.partition(" ")[0] if error else ""


NEEDS_TIME = shown("a", "running", "Up 2 seconds (health: starting)")
NO_PROGRAM = shown("b", "created", "Created", StartedAt=NEVER, Error="no such program")
RUNS_ANEW = shown("c", "running", "Up Less than a second", restarts=2, StartedAt=JUST_NOW)
JOINS = shown(
    "d", "created", "Created", StartedAt=NEVER, Error="joining: namespace path: lstat /proc/9/ns/net"
)


def test_one_that_only_needs_time_is_not_broken(engine: Engine) -> None:
    assert broken(engine, NEEDS_TIME) == ""
    assert broken(engine, NEEDS_TIME, NO_PROGRAM) == "b"


def test_one_that_was_restarted_is_broken_however_it_is_just_now(engine: Engine) -> None:
    assert broken(engine, NEEDS_TIME, RUNS_ANEW) == "c"


def test_what_could_not_be_started_comes_after_what_ended(engine: Engine) -> None:
    assert broken(engine, NO_PROGRAM, RUNS_ANEW) == "c"


def test_what_could_not_join_another_is_not_what_is_broken(engine: Engine) -> None:
    assert broken(engine, JOINS) == ""
    assert broken(engine, JOINS, RUNS_ANEW) == "c"


def test_when_time_is_up_one_that_needs_more_is_told_of(engine: Engine) -> None:
    error = rising(engine, NEEDS_TIME).why_not()
    assert error is not None
    assert error.message.startswith("a did not come up")


def test_one_that_is_only_being_made_is_listed_before_it_is_shown(engine: Engine) -> None:
    from docker.errors import NotFound

    found = rising(engine, shown("a", "created", "Created"))
    engine.client.api.inspect_container.side_effect = NotFound("no such container")  # type: ignore[attr-defined]  # a mock
    assert not found.all_well()
    assert found.broken() is None


def test_one_that_is_being_replaced_is_not_taken_for_a_dead_one(engine: Engine) -> None:
    """Compose removes it while docker's list still has it; whatever is amiss with its successor, that one tells."""
    from docker.errors import NotFound

    found = rising(engine, shown("a", "exited", "Exited (137) 1 second ago", Running=False))
    engine.client.api.inspect_container.side_effect = NotFound("no such container")  # type: ignore[attr-defined]  # a mock
    assert not found.all_well()
    assert found.broken() is None
    assert found.why_not() is None


def test_what_ended_in_an_earlier_life_is_not_what_is_broken(engine: Engine) -> None:
    before = shown("a", "exited", "Exited (137) 1 minute ago", Running=False)
    found = rising(engine, before, RUNS_ANEW)
    found._ended_before = {"a": LONG_AGO}
    assert not found.all_well()
    error = found.broken()
    assert error is not None
    assert error.message.startswith("c ")


@pytest.mark.parametrize(
    ("container", "said"),
    [
        (shown("a", "exited", "Exited (1) 1 second ago", Running=False), "a ended as it came up"),
        (shown("a", "running", "Up 9 seconds (unhealthy)"), "a never became healthy"),
        (RUNS_ANEW, "c did not come up"),
    ],
)
def test_it_is_said_the_same_whoever_meets_it_first(
    engine: Engine, container: dict[str, Any], said: str
) -> None:
    error = rising(engine, container).broken()
    assert error is not None
    assert error.message.startswith(said)

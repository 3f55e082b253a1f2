"""A container as a server: what it said in this life of it, from what docker shows. The rest is tried on real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from blackstart.replica.containers.engine import DRILL, PROJECT, SERVICE
from blackstart.replica.containers.server import ContainerServer

if TYPE_CHECKING:
    from pathlib import Path

    from blackstart.replica.containers.engine import Engine

LABELS = {DRILL: "d", PROJECT: "p", SERVICE: "one"}


@pytest.mark.parametrize(
    ("ended", "since"),
    [("2026-01-02T03:04:05.250000001Z", 1767323045.25), ("0001-01-01T00:00:00Z", None)],
)
def test_what_it_said_before_it_ended_is_of_another_life(
    engine: Engine, tmp_path: Path, ended: str, since: float | None
) -> None:
    """Not even when it was started within the same second."""
    api: Any = engine.client.api
    api.containers.return_value = [{"Id": "c1", "Labels": LABELS}]
    state = {"StartedAt": "2026-01-02T03:04:05.750000001Z", "FinishedAt": ended}
    api.inspect_container.return_value = {"State": state, "Config": {"Labels": LABELS}}
    api.logs.return_value = b"It runs\n"
    assert ContainerServer("one", engine, "d", "p", tmp_path).says(["it runs"])
    assert api.logs.call_args.kwargs["since"] == since


def test_while_it_is_being_started_it_is_not_dead(engine: Engine, tmp_path: Path) -> None:
    """Whoever looks may be another process than the one that starts it."""
    api: Any = engine.client.api
    api.containers.return_value = [{"Id": "c1", "Labels": LABELS}]
    state = {"Running": False, "StartedAt": "2026-01-02T03:04:05Z", "ExitCode": 137}
    api.inspect_container.return_value = {"State": state, "Config": {"Labels": LABELS}}
    one, other = (ContainerServer("one", engine, "d", "p", tmp_path) for _ in range(2))
    assert other.exited_by_itself() == -9
    one.hand_over()
    seen: list[int | None] = []
    api.start.side_effect = lambda id: seen.append(other.exited_by_itself())
    one.start()
    assert seen == [None]
    assert other.exited_by_itself() == -9, "it ended again"


def test_one_that_was_removed_has_ended_and_leaves_a_log_with_nothing_in_it(
    engine: Engine, tmp_path: Path
) -> None:
    engine.client.api.containers.return_value = []  # type: ignore[attr-defined]  # a mock
    gone = ContainerServer("one", engine, "d", "p", tmp_path)
    assert gone.exited_by_itself() == -9
    assert gone.log.read_bytes() == b""


@pytest.mark.parametrize("status", ["removing", "dead"])
def test_one_that_is_being_removed_keeps_the_log_that_it_had(
    engine: Engine, tmp_path: Path, status: str
) -> None:
    api: Any = engine.client.api
    api.containers.return_value = [{"Id": "c1", "Labels": LABELS}]
    shown: dict[str, Any] = {"State": {"Status": "running"}, "Config": {"Labels": LABELS}}
    api.inspect_container.return_value = shown
    api.logs.return_value = b"It runs\n"
    going = ContainerServer("one", engine, "d", "p", tmp_path)
    going.save_log()
    shown["State"]["Status"] = status
    api.logs.return_value = b"docker cannot tell\n"
    assert going.log.read_bytes() == b"It runs\n"

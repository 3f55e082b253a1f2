"""What ends a start: a full disk, Ctrl-C; nothing is left of it, and nobody waits for what cannot come."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from threading import Event

import pytest

from blackstart.errors import ReplicaError
from blackstart.replica.local import LocalReplica
from blackstart.replica.programs import processes
from blackstart.replica.servicing import waiters

pytestmark = pytest.mark.replica


@pytest.fixture
def fresh(tmp_path: Path, label: str) -> LocalReplica:
    return LocalReplica(tmp_path, label, ["ic-1"])


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (0, "proxy cannot be started: .*File too large"),
        (1_000, "vault has no room left on its disk"),
        (200_000, "vault has no room left on its disk"),
    ],
)
def test_a_disk_that_is_full_is_said_and_leaves_nothing(
    fresh: LocalReplica, full_disk: Callable[[int], AbstractContextManager[None]], size: int, said: str
) -> None:
    """Vault goes on for ever with a full disk; it is not waited for once its log says so."""
    with ExitStack() as stack:

        def fill(what: str, done: int, total: int) -> None:
            if what == "starting servers":
                stack.enter_context(full_disk(size))

        with pytest.raises(ReplicaError, match=said):
            fresh.up(fill)
    assert processes.by_component(fresh.label) == {}


@pytest.mark.parametrize("when", ["starting servers", "deploying services"])
def test_ctrl_c_leaves_nothing(fresh: LocalReplica, when: str) -> None:
    def interrupt(what: str, done: int, total: int) -> None:
        if what == when:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fresh.up(interrupt)
    assert processes.by_component(fresh.label) == {}
    assert fresh.exited() == {}, "they were asked to"


def test_who_waits_for_a_server_is_not_waited_for_before_the_servers_end() -> None:
    ended = Event()
    waiting: list[Future[bool]] = []

    def break_off() -> None:
        with waiters(1, ended.set) as pool:
            waiting.append(pool.submit(ended.wait))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        break_off()
    assert waiting[0].result()

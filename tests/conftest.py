"""For every test: how long an example takes is no property of the product, and disks can be full."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

# A script that runs the tests in its background has Ctrl-C ignored, and every process of the tests would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

WORKERS_PORTS = 5_500
"""Each of the tests' workers takes ports of its own, its drills too: one must not take what another has just chosen."""

if number := os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw"):
    first = 10_000 + int(number) % 4 * WORKERS_PORTS
    os.environ["BLACKSTART_PORTS"] = f"{first}-{first + WORKERS_PORTS - 1}"

settings.register_profile("blackstart", deadline=None)
settings.load_profile("blackstart")

if TYPE_CHECKING:
    from xdist.remote import Producer

    from blackstart.replica.local import LocalReplica
    from blackstart.replica.miniature import Miniature

DOCKER = "tests/integration/compose/"

STACK = tuple(f"{DOCKER}test_{each}.py" for each in ("both", "contract", "peoples_commands"))
"""The tests that share one compose replica."""

EMBEDDED = f"{STACK[0]}::test_on_the_embedded_replica"
"""Those beside them that need no docker."""

LONGEST = (DOCKER, "tests/integration/", "tests/faults/")
"""What takes longest begins first, or one worker would still be busy with it when the others are done."""

WHOLE_AGAIN_S = 30.0
"""Real seconds for every probe of a replica to turn green again, on a machine that is busy with other things."""

FullDisk = Callable[[int], AbstractContextManager[None]]


class _Together(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """What runs on one worker, in turn: the tests of one file, those of one compose replica, all others of docker.

    So there are never more than two that work docker: each of their drills needs a processor for itself.
    """

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(EMBEDDED):
            return EMBEDDED
        if nodeid.startswith(STACK):
            return STACK[0]
        return DOCKER if nodeid.startswith(DOCKER) else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Whatever `--dist` says: xdist's own groups know nothing of what a test needs."""
    config.option.loadscopereorder = False  # it takes what has most tests for what takes longest
    return _Together(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """For workers: whoever runs the tests one after the other wants to hear of the quick ones first."""
    if number:
        items.sort(key=lambda item: [not item.nodeid.startswith(each) for each in LONGEST])


@pytest.fixture(scope="session")
def full_disk() -> FullDisk:
    """While it lasts, no file of this process grows beyond so many bytes: what a full disk does to a writer."""

    @contextmanager
    def limited(size: int) -> Iterator[None]:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return limited


@pytest.fixture(scope="session")
def running_replica(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalReplica]:
    """One real replica for all tests that need one. They take it by `shared_replica`, which sees that it stays whole."""
    from blackstart.replica.local import LocalReplica  # most tests need none, and it takes its time

    folder = tmp_path_factory.mktemp("replica")
    local = LocalReplica(folder, f"test-{folder.name}-{os.getpid()}", ["ic-1", "sme-1"])
    try:
        local.up(lambda *news: None)
        yield local
    finally:
        local.down()


@pytest.fixture
def shared_replica(running_replica: LocalReplica) -> Iterator[LocalReplica]:
    """The running replica. Whoever breaks it mends it: a test that leaves a probe red fails, and the next has a new one."""
    yield running_replica
    if left := left_red(running_replica):
        running_replica.down()
        running_replica.up(lambda *news: None)
        pytest.fail(f"the replica is not whole after this test: {left}")


def left_red(replica: Miniature) -> dict[str, str]:
    """What every probe says that does not turn green within the limit."""
    from blackstart.replica.waiting import wait_until

    red: dict[str, str] = {}

    def whole() -> bool:
        readings = {probe.name: probe.read() for probe in replica.probes()}
        red.clear()
        red.update({name: each.reason for name, each in readings.items() if each.state != "green"})
        return not red and not replica.exited()

    wait_until(whole, WHOLE_AGAIN_S)
    return red | {name: f"ended with code {code}" for name, code in replica.exited().items()}

"""How the contract of a replica looks at one: what it sees is told in one line when it is not what was promised."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from blackstart.errors import BlackstartError, UsageError
from blackstart.replica.programs.httpclient import why
from blackstart.replica.waiting import wait_until

if TYPE_CHECKING:
    from blackstart.replica.base import Probe, Reading, Replica

__all__ = [
    "LIMIT_S",
    "NOBODY",
    "all_answer",
    "all_green",
    "answer",
    "in_service",
    "own_probe",
    "quiet",
    "raised",
    "refuses",
    "turns",
    "whole",
]

LIMIT_S = 60.0
"""Real seconds for a real server to come back, on a machine that is busy with other things."""

NOBODY = "nobody-of-that-name"

WORKLOAD = "workload"
"""The kind of what comes up by itself, as soon as what it needs serves."""


TIMED_OUT = why(TimeoutError())


def quiet(what: str, done: int, total: int) -> None:
    """Progress that nobody looks at."""


def own_probe(replica: Replica, component: str) -> Probe:
    """The first probe that watches this component."""
    found = [probe for probe in replica.probes() if probe.subject == component]
    assert found, f"no probe watches {component}"
    return found[0]


def answer(probe: Probe) -> Reading:
    """What it reads now."""
    try:
        return probe.read()
    except Exception as error:  # whatever it is: the promise is that there is none
        raise AssertionError(f"the probe {probe.name} raises when it is read: {error!r}") from error


def all_answer(replica: Replica) -> Sequence[Reading]:
    """What every probe reads now, all at the same time: those that wait for nothing wait together."""
    probes = replica.probes()
    with ThreadPoolExecutor(len(probes)) as pool:
        return list(pool.map(answer, probes))


def turns(probe: Probe, state: str) -> None:
    """Waits until a probe says so."""
    seen = answer(probe)

    def turned() -> bool:
        nonlocal seen
        seen = answer(probe)
        return seen.state == state

    assert wait_until(turned, LIMIT_S), f"{probe.name} is not {state}: {seen.state} {seen.reason}"


def answered(probe: Probe) -> Reading:
    """What it reads now; read once more where nobody answered in time. Who comes back too early is refused at once: that
    one is slow is the machine's doing as well.
    """
    seen = answer(probe)
    return answer(probe) if seen.reason == TIMED_OUT else seen


def in_service(replica: Replica, component: str, after: str) -> None:
    """Its probe is green, read once: whoever says that it is in service has waited for it. A workload is waited for."""
    probe = own_probe(replica, component)
    if replica.components()[component].kind == WORKLOAD:
        turns(probe, "green")
        return
    seen = answered(probe)
    assert seen.state == "green", f"{after} came back too early: {probe.name} is {seen.state} {seen.reason}"


def all_green(replica: Replica, after: str) -> None:
    """Every probe, read once."""
    for probe in replica.probes():
        seen = answered(probe)
        assert seen.state == "green", (
            f"{after} came back too early: {probe.name} is {seen.state} {seen.reason}"
        )


def whole(replica: Replica) -> None:
    """Waits until every probe is green and every component runs."""
    for probe in replica.probes():
        turns(probe, "green")
    down = [name for name in replica.components() if not replica.running(name)]
    assert not down, f"not running: {', '.join(down)}"
    assert not replica.exited(), f"ended and not asked to: {dict(replica.exited())}"


def refuses(call: Callable[[], object], *named: str) -> None:
    """The call is a UsageError whose hint has these names."""
    refused = raised(call)
    assert isinstance(refused, UsageError), f"a name that is not there is no UsageError: {refused!r}"
    missing = [name for name in named if name not in refused.hint]
    assert not missing, f"the hint does not name {', '.join(missing)}: {refused.hint!r}"


def raised(call: Callable[[], object]) -> BlackstartError | None:
    """The error of ours that the call raises; None when it raises nothing."""
    try:
        call()
    except BlackstartError as error:
        return error
    return None

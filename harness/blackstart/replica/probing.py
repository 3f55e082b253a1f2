"""Probes from checks: what people wrote in the platform map or in a label, asked of a real component.

Each question is bounded as a whole, however many answers it takes: a probe is red after `TIMEOUT_S`.
"""

from __future__ import annotations

import operator
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from blackstart.checks import (
    Check,
    DnsCheck,
    ExecCheck,
    HttpCheck,
    MetricCheck,
    SqlCheck,
    TcpCheck,
)
from blackstart.clock import SystemTime
from blackstart.errors import ReplicaError
from blackstart.replica.asking import AskingProbe, Refused
from blackstart.replica.programs.dnsclient import ask_over_tcp
from blackstart.replica.programs.httpclient import Answer, request

if TYPE_CHECKING:
    from blackstart.platform import Platform
    from blackstart.replica.base import Completed, Probe, ProbeOf
    from blackstart.replica.layout import Address

__all__ = ["Asked", "Ground", "Question", "Questioned", "check_probes", "declared", "own_checks", "question"]

Question = Callable[[float], None]
"""Asks once, within so many seconds. Raises what `AskingProbe` takes for a red answer."""

CLOSED_AT_ONCE_S = 0.1
"""A proxy takes a connection before it knows whether anybody is behind it, and closes it when nobody is."""

COMPARED: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    ">": operator.gt,
}


class Ground(Protocol):
    """What checks are asked on: where components are, and what is known of them."""

    def address(self, component: str, port: int | None) -> Address:
        """Where that port of a component is published; its first port for None. ReplicaError when nowhere."""
        ...

    def run(self, component: str, argv: list[str], limit_s: float) -> Completed:
        """A command inside the component. TimeoutError when it takes longer."""
        ...

    def setting(self, component: str, variable: str) -> str:
        """A variable of its own environment. ReplicaError when it has none of that name."""
        ...


@runtime_checkable
class Questioned(Protocol):
    """A replica of components of any kind, that knows itself what to ask each: the faults' own probes ask that."""

    def question(self, component: str) -> Question:
        """What its own probe asks, or a connection. ReplicaError when it cannot be asked."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """One probe before anything runs: of whom it tells, and what it asks of which component."""

    name: str
    of: ProbeOf
    subject: str
    check: Check

    @property
    def component(self) -> str:
        """Who is asked; the subject itself, unless the check says `at`."""
        return self.check.at or self.subject


def check_probes(
    platform: Platform,
    labelled: Mapping[str, Mapping[str, Check]],
    drilled: Mapping[str, bool],
    ground: Ground,
) -> tuple[Probe, ...]:
    """Every probe that `declared` tells. ReplicaError where that raises it, and for what cannot be asked there."""
    return tuple(
        AskingProbe(each.name, each.of, each.subject, question(each.check, each.component, ground))
        for each in declared(platform, labelled, drilled)
    )


def declared(
    platform: Platform, labelled: Mapping[str, Mapping[str, Check]], drilled: Mapping[str, bool]
) -> Iterator[Asked]:
    """Every probe of the map and the labels, in the map's order: each component's, each capability's, each team's.

    `labelled` are the checks of labels, by component and probe; `drilled` are the components, and whether a port of
    each is known. A component without any check has its first port connected to. ReplicaError for a probe of the map
    that nobody says how to ask, and for a component of it that is not among them.
    """
    _demand_all(platform, drilled)
    for name, ported in drilled.items():
        node = platform.components.get(name)
        named = list(node.probes) if node else []
        checks = own_checks(platform, name, labelled.get(name, {}))
        if not checks and ported:
            checks = {(named[0] if named else name): Check(tcp=TcpCheck())}
        yield from _of_node("component", name, named, checks)
    for name, capability in platform.capabilities.items():
        yield from _of_node("capability", name, capability.probes, capability.checks)
    for name, team in platform.teams.items():
        yield from _of_node("team", name, team.probes, team.checks)


def own_checks(platform: Platform, component: str, labelled: Mapping[str, Check]) -> dict[str, Check]:
    """The checks of one component by probe: in the order of its probes on the map, the first of which is its own.

    ReplicaError for one that stands twice.
    """
    node = platform.components.get(component)
    known = {**(node.checks if node else {}), **_not_twice(component, labelled, platform)}
    first = [name for name in (node.probes if node else ()) if name in known]
    return {name: known[name] for name in [*first, *(each for each in known if each not in first)]}


def _demand_all(platform: Platform, drilled: Mapping[str, bool]) -> None:
    for name in platform.components:
        if name not in drilled:
            raise ReplicaError(
                f"platform.yaml has the component {name}, and no service of the compose file is it",
                hint=f"label its service blackstart.component: {name}; there are: {', '.join(drilled)}",
            )


def _not_twice(name: str, labels: Mapping[str, Check], platform: Platform) -> Mapping[str, Check]:
    for probe in labels:
        holder = next((node for node, about in platform.nodes().items() if probe in about.checks), None)
        if holder is not None:
            raise ReplicaError(
                f"the probe {probe} stands twice: as a label of {name}, and in the checks of {holder} in platform.yaml",
                hint="remove one of them",
            )
    return labels


def _of_node(of: ProbeOf, subject: str, named: list[str], checks: Mapping[str, Check]) -> Iterator[Asked]:
    for name in named:
        if name not in checks:
            raise ReplicaError(
                f"nobody knows how the probe {name} of {subject} asks",
                hint=f"add it to the checks of {subject} in platform.yaml, or label a service blackstart.probe.{name}",
            )
    for name in [*named, *(each for each in checks if each not in named)]:
        yield Asked(name, of, subject, checks[name])


def question(check: Check, component: str, ground: Ground) -> Question:
    """What a check asks of a component. ReplicaError when it cannot be asked."""
    ask = _unbounded(check, component, ground)

    def whole(limit_s: float) -> None:
        """Each piece of an answer may come in time, and all of it too late."""
        time = SystemTime()
        began = time.now()
        ask(limit_s)
        if time.now().seconds_since(began) > limit_s:
            raise Refused(f"no whole answer within {limit_s * 1000:.0f} ms")

    return whole


def _unbounded(check: Check, component: str, ground: Ground) -> Question:
    (kind,) = check.kinds
    asked = getattr(check, kind)
    if isinstance(asked, ExecCheck):
        return lambda limit_s: _run(asked, component, ground, limit_s)
    address = ground.address(component, check.port)
    match asked:
        case HttpCheck():
            return lambda limit_s: _get(asked, address, limit_s)
        case TcpCheck():
            return lambda limit_s: connect(address, limit_s)
        case DnsCheck():
            return lambda limit_s: _resolve(asked, address, limit_s)
        case MetricCheck():
            return lambda limit_s: _compare(asked, address, limit_s)
        case SqlCheck():
            return _query(asked, component, address, ground)
        case _:
            raise AssertionError(kind)


# --- one question a kind --------------------------------------------------------------------------


def connect(address: Address, limit_s: float) -> None:
    """Refused when the connection is taken and closed at once."""
    with socket.create_connection(address, limit_s) as connection:
        connection.settimeout(min(CLOSED_AT_ONCE_S, limit_s))
        try:
            if connection.recv(1) == b"":
                raise Refused("closed at once")
        except TimeoutError:
            return


def _get(check: HttpCheck, address: Address, limit_s: float) -> None:
    answer = request(address, check.method, check.path, timeout_s=limit_s)
    if answer.status != check.status:
        raise Refused(answer.complaint())
    if check.contains.encode() not in answer.body:
        raise Refused(f"{check.path} does not say {check.contains!r}")


def _resolve(check: DnsCheck, address: Address, limit_s: float) -> None:
    answer = ask_over_tcp(address, check.name, check.type, timeout_s=limit_s)
    if not any(record.type == check.type for record in answer.answers):
        raise Refused(f"{answer.rcode} {check.name} {check.type}")


def _run(check: ExecCheck, component: str, ground: Ground, limit_s: float) -> None:
    done = ground.run(component, check.argv, limit_s)
    if done.exit_code != 0:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise Refused(" ".join([f"{check.argv[0]} exits with {done.exit_code}", *last])[:200])
    if check.contains not in done.stdout:
        raise Refused(f"{check.argv[0]} does not say {check.contains!r}")


def _query(check: SqlCheck, component: str, address: Address, ground: Ground) -> Question:
    from blackstart.replica.sql import ask, demand_driver

    demand_driver()
    password = ground.setting(component, check.password_from) if check.password_from else ""
    login = {"user": check.user, "dbname": check.database, "password": password}

    def compare(limit_s: float) -> None:
        value = ask(address, login, check.query, limit_s)
        if check.expect is not None and value != check.expect:
            raise Refused(f"saw {value!r}, expected {check.expect!r}"[:200])

    return compare


def _compare(check: MetricCheck, address: Address, limit_s: float) -> None:
    answer: Answer = request(address, "GET", check.path, timeout_s=limit_s)
    if not answer.ok:
        raise Refused(answer.complaint())
    values = list(series(answer.body.decode("utf-8", "replace"), check.name, check.labels))
    if not values:
        raise Refused(f"there is no {check.name} with these labels")
    for value in values:
        if not COMPARED[check.op](value, check.value):
            raise Refused(f"{check.name} is {value:g}, not {check.op} {check.value:g}")


_SERIES = re.compile(r"([A-Za-z_:][A-Za-z0-9_:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?\s*")
_LABEL = re.compile(r'([A-Za-z_][A-Za-z0-9_]*)="((?:[^"\\]|\\.)*)"')


def series(text: str, name: str, labels: Mapping[str, str]) -> Iterator[float]:
    """The values of every series of that name that has these labels among its own, in Prometheus' text format."""
    for line in text.splitlines():
        found = _SERIES.fullmatch(line)
        if found is None or found[1] != name:
            continue
        own = {key: re.sub(r"\\(.)", _unescaped, value) for key, value in _LABEL.findall(found[2] or "")}
        if labels.items() <= own.items():
            try:
                yield float(found[3])
            except ValueError:
                raise Refused(f"{name} is no number: {found[3]}") from None


def _unescaped(found: re.Match[str]) -> str:
    return "\n" if found[1] == "n" else found[1]

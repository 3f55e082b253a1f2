"""What a probe asks, as people write it: under `checks:` of the platform map, or as a label of their compose file.

A check has exactly one kind: http, tcp, dns, exec, sql or metric. Ports are the component's own, inside its
container. A component's first port is meant where none is named.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Literal, get_args

from pydantic import Field

from blackstart.source import Flaw, Model, Place

__all__ = [
    "Check",
    "DnsCheck",
    "ExecCheck",
    "HttpCheck",
    "MetricCheck",
    "SqlCheck",
    "TcpCheck",
    "check_flaws",
    "from_label",
]

Port = Annotated[int, Field(ge=1, le=65535)]
Operator = Literal["<", "<=", "==", "!=", ">=", ">"]
RecordType = Literal["A", "AAAA", "NS", "CNAME", "SOA", "TXT", "SRV"]


class HttpCheck(Model):
    """One request. Green when the status is that one, and the body has these words."""

    port: Port | None = None
    method: str = Field(default="GET", pattern="^[A-Z]+$")
    path: str = Field(default="/", pattern="^/")
    status: int = Field(default=200, ge=100, le=599)
    contains: str = ""


class TcpCheck(Model):
    """One connection. Green when it is taken and not closed at once."""

    port: Port | None = None


class DnsCheck(Model):
    """One question over TCP. Green when there is a record."""

    port: Port | None = None
    name: str = Field(min_length=1)
    type: RecordType = "A"


class ExecCheck(Model):
    """One command inside the component's container. Green when it exits with 0, and prints these words."""

    argv: list[str] = Field(min_length=1)
    contains: str = ""


class SqlCheck(Model):
    """One query of a PostgreSQL server. Green when the first value of its first row, as text, is `expect`.

    Without `expect` any answer will do. `password_from` names a variable of the service's own environment in the
    compose file: no password stands in the map.
    """

    port: Port | None = None
    user: str = Field(min_length=1)
    database: str = Field(min_length=1)
    password_from: str = ""
    query: str = Field(default="select 1", min_length=1)
    expect: str | None = None


class MetricCheck(Model):
    """One page of Prometheus' text format. Green when every series of that name and those labels compares so."""

    port: Port | None = None
    path: str = Field(default="/metrics", pattern="^/")
    name: str = Field(pattern="^[A-Za-z_:][A-Za-z0-9_:]*$")
    labels: dict[str, str] = Field(default_factory=dict)
    op: Operator
    value: float


class Check(Model):
    """One question, of one kind. `at` is the component that is asked; a component's own checks leave it out."""

    at: str = ""
    http: HttpCheck | None = None
    tcp: TcpCheck | None = None
    dns: DnsCheck | None = None
    exec: ExecCheck | None = None
    sql: SqlCheck | None = None
    metric: MetricCheck | None = None

    @property
    def kinds(self) -> list[str]:
        return [kind for kind in KINDS if getattr(self, kind) is not None]

    @property
    def port(self) -> int | None:
        """The port that it names; none for a command, or when the component's first is meant."""
        (kind,) = self.kinds
        return getattr(getattr(self, kind), "port", None)


KINDS = ("http", "tcp", "dns", "exec", "sql", "metric")


def check_flaws(
    checks: Mapping[str, Check], place: Place, probes: Sequence[str], components: Sequence[str], own: bool
) -> Iterator[Flaw]:
    """What is wrong with the checks of one node of the map. `own`: it is a component, and asked itself."""
    for name, check in checks.items():
        here = (*place, name)
        if name not in probes:
            yield Flaw(here, f'"{name}" is no probe of it', "", f"add {name} to its probes")
        if len(check.kinds) != 1:
            seen = f"saw {' and '.join(check.kinds) or 'none'}"
            yield Flaw(here, f"a check has exactly one kind: {', '.join(KINDS)}", seen)
        if not check.at and not own:
            yield Flaw(here, "nobody knows which component it asks", "", "add at: and a component's name")
        if check.at and check.at not in components:
            yield Flaw((*here, "at"), f'no component is called "{check.at}"')


# --- the short form, as a label has it ------------------------------------------------------------

FORMS = {
    "http": "http [:PORT] [METHOD] PATH [STATUS [WORDS ...]]",
    "tcp": "tcp [:PORT]",
    "dns": "dns [:PORT] NAME [TYPE]",
    "exec": "exec PROGRAM [ARGUMENT ...]",
    "sql": "sql [:PORT] USER@DATABASE PASSWORD_VARIABLE QUERY",
    "metric": "metric [:PORT] [PATH] NAME[{LABEL=VALUE,...}] OPERATOR NUMBER",
}


def from_label(text: str) -> Check:
    """The check that a label's text means. ValueError says what is wrong, and how that kind is written."""
    try:
        kind, *words = shlex.split(text) if not text.startswith(("sql ", "metric ")) else text.split()
    except ValueError as error:
        raise ValueError(f"{text!r} is no check: {str(error).lower() if text else 'it is empty'}") from None
    if kind not in FORMS:
        raise ValueError(f"{kind!r} is no kind of check; there are: {', '.join(FORMS)}")
    port: dict[str, object] = {}
    if kind != "exec" and words and re.fullmatch(":[0-9]+", words[0]):
        port = {"port": int(words.pop(0)[1:])}
    try:
        return Check.model_validate({kind: {**port, **_READ[kind](words)}})
    except (ValueError, IndexError):  # pydantic's ValidationError is a ValueError too
        raise ValueError(f"{text!r} is not understood; it is written: {FORMS[kind]}") from None


def _http(words: list[str]) -> dict[str, object]:
    found: dict[str, object] = {}
    if words and words[0].isalpha():
        found["method"] = words.pop(0)
    if words:
        found["path"] = words.pop(0)
    if words:
        found["status"] = int(words.pop(0))
    return {**found, "contains": " ".join(words)}


def _tcp(words: list[str]) -> dict[str, object]:
    _none_left(words)
    return {}


def _dns(words: list[str]) -> dict[str, object]:
    found: dict[str, object] = {"name": words.pop(0)}
    if words:
        found["type"] = words.pop(0)
    _none_left(words)
    return found


def _exec(words: list[str]) -> dict[str, object]:
    return {"argv": words}


def _sql(words: list[str]) -> dict[str, object]:
    user, at, database = words[0].partition("@")
    if not at:
        raise ValueError
    return {"user": user, "database": database, "password_from": words[1], "query": " ".join(words[2:])}


def _metric(words: list[str]) -> dict[str, object]:
    found: dict[str, object] = {}
    if words[0].startswith("/"):
        found["path"] = words.pop(0)
    whole = re.fullmatch(r"([^{\s]+)(?:\{(.*)\})?\s+(\S+)\s+(\S+)", " ".join(words))
    if whole is None or whole[3] not in get_args(Operator):
        raise ValueError
    pairs = [pair.partition("=") for pair in (whole[2] or "").split(",") if pair]
    labels = {name.strip(): value.strip().strip('"') for name, _, value in pairs}
    return {**found, "name": whole[1], "labels": labels, "op": whole[3], "value": float(whole[4])}


def _none_left(words: list[str]) -> None:
    if words:
        raise ValueError(words[0])


_READ = {"http": _http, "tcp": _tcp, "dns": _dns, "exec": _exec, "sql": _sql, "metric": _metric}

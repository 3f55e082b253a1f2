"""How people write what a probe asks: in the map, and as labels of their compose file."""

from __future__ import annotations

import re
from typing import Any

import pytest

from blackstart.checks import Check, ExecCheck, HttpCheck, MetricCheck, SqlCheck, from_label
from blackstart.platform import Platform
from blackstart.source import parse_loaded


@pytest.mark.parametrize(
    ("text", "kind", "meant"),
    [
        ("http", "http", HttpCheck()),
        ("http GET / 200", "http", HttpCheck(method="GET", path="/", status=200)),
        (
            "http :8000 HEAD /ready 204 all is well",
            "http",
            HttpCheck(port=8000, method="HEAD", path="/ready", status=204, contains="all is well"),
        ),
        ("http /healthz", "http", HttpCheck(path="/healthz")),
        ("exec redis-cli -p 6379 ping", "exec", ExecCheck(argv=["redis-cli", "-p", "6379", "ping"])),
        ("exec sh -c 'test -e /a'", "exec", ExecCheck(argv=["sh", "-c", "test -e /a"])),
        (
            "sql shop@orders POSTGRES_PASSWORD select 'a b'",
            "sql",
            SqlCheck(user="shop", database="orders", password_from="POSTGRES_PASSWORD", query="select 'a b'"),
        ),
        (
            'metric :9090 /m up{job="api", zone="x"} >= 1',
            "metric",
            MetricCheck(
                port=9090, path="/m", name="up", labels={"job": "api", "zone": "x"}, op=">=", value=1
            ),
        ),
        ("metric queue < 5.5", "metric", MetricCheck(name="queue", op="<", value=5.5)),
    ],
)
def test_a_label_is_short_for_a_check(text: str, kind: str, meant: Any) -> None:
    check = from_label(text)
    assert check.kinds == [kind]
    assert getattr(check, kind) == meant


def test_the_port_of_a_check() -> None:
    assert from_label("tcp :5432").port == 5432
    assert from_label("tcp").port is None
    assert from_label("exec true").port is None
    assert from_label("dns :53 db.test TXT").port == 53


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("ping", "'ping' is no kind of check; there are: http, tcp, dns, exec, sql, metric"),
        ("http /a b", "is written: http [:PORT] [METHOD] PATH [STATUS [WORDS ...]]"),
        ("http a b", "is written: http"),
        ("tcp :99999", "is written: tcp [:PORT]"),
        ("tcp 5432", "is written: tcp [:PORT]"),
        ("dns", "is written: dns"),
        ("exec", "is written: exec"),
        ("exec 'open", "no closing quotation"),
        ("sql shop select 1", "is written: sql"),
        ("metric up ~ 1", "is written: metric"),
        ("metric up > many", "is written: metric"),
    ],
)
def test_a_label_that_says_nothing(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        from_label(text)


MAP = """\
kind: platform
components:
  db:
    owner: data
    probes: [db]
    checks:
      db: {%s}
capabilities:
  order:
    needs: [db]
    probes: [order]
    checks:
      order: {%s}
teams: {}
"""


def problems(own: str = "tcp: {}", order: str = "at: db, tcp: {}") -> list[str]:
    _, found = parse_loaded(Platform, MAP % (own, order), "platform.yaml")
    return [str(problem) for problem in found]


def test_a_sound_map() -> None:
    assert problems() == []


@pytest.mark.parametrize(
    ("own", "order", "says"),
    [
        ("tcp: {prot: 1}", "at: db, tcp: {}", 'platform.yaml:7:18: unknown key "prot"'),
        ("tcp: {port: 0}", "at: db, tcp: {}", "platform.yaml:7:24: "),
        ("", "at: db, tcp: {}", "platform.yaml:7:11: a check has exactly one kind"),
        ("tcp: {}, dns: {name: a}", "at: db, tcp: {}", "saw tcp and dns"),
        ("tcp: {}", "tcp: {}", "platform.yaml:13:14: nobody knows which component it asks"),
        ("tcp: {}", "at: cache, tcp: {}", 'platform.yaml:13:19: no component is called "cache"'),
    ],
)
def test_a_map_with_a_wrong_check(own: str, order: str, says: str) -> None:
    (problem,) = problems(own, order)
    assert says in problem


def test_a_check_is_of_a_probe() -> None:
    platform = Platform.model_validate(
        {
            "kind": "platform",
            "components": {"db": {"owner": "a", "probes": ["db"], "checks": {"dB": {"tcp": {}}}}},
            "capabilities": {},
            "teams": {},
        }
    )
    (flaw,) = platform.flaws()
    assert flaw.place == ("components", "db", "checks", "dB")
    assert flaw.hint == "add dB to its probes"


def test_the_kinds_are_those_of_the_model() -> None:
    assert {*Check.model_fields} == {"at", "http", "tcp", "dns", "exec", "sql", "metric"}

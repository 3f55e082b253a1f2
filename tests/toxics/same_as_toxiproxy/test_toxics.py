"""Toxics by the API: defaults, names, updates, refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.toxics.same_as_toxiproxy.conftest import Subject

DEAD = "127.0.0.1:1"

ATTRIBUTES: dict[str, dict[str, int]] = {
    "noop": {},
    "latency": {"latency": 100, "jitter": 20},
    "bandwidth": {"rate": 64},
    "slow_close": {"delay": 30},
    "timeout": {"timeout": 400},
    "reset_peer": {"timeout": 500},
    "slicer": {"average_size": 64, "size_variation": 32, "delay": 10},
    "limit_data": {"bytes": 1024},
}

DEFAULTS: dict[str, dict[str, int]] = {
    "noop": {},
    "latency": {"latency": 0, "jitter": 0},
    "slow_close": {"delay": 0},
    "timeout": {"timeout": 0},
    "reset_peer": {"timeout": 0},
    "limit_data": {"bytes": 0},
}
"""bandwidth and slicer are missing: their defaults stall or kill Toxiproxy (see test_differences)."""


@pytest.fixture
def one(proxy: Subject) -> Subject:
    proxy.create("one", DEAD)
    return proxy


def listed(proxy: Subject) -> list[str]:
    return [toxic["name"] for toxic in proxy.ask("GET", "/proxies/one/toxics").json]


def test_none_at_first(one: Subject) -> None:
    answer = one.ask("GET", "/proxies/one/toxics")
    assert (answer.status, answer.json) == (200, [])


@pytest.mark.parametrize("kind", ATTRIBUTES)
@pytest.mark.parametrize("stream", ["upstream", "downstream"])
def test_added_it_is_answered_and_listed(one: Subject, kind: str, stream: str) -> None:
    asked = {"type": kind, "stream": stream, "attributes": ATTRIBUTES[kind]}
    answer = one.ask("POST", "/proxies/one/toxics", asked)
    whole = {
        "name": f"{kind}_{stream}",
        "type": kind,
        "stream": stream,
        "toxicity": 1,
        "attributes": ATTRIBUTES[kind],
    }
    assert (answer.status, answer.json) == (200, whole)
    assert answer.headers["content-type"] == "application/json"
    assert one.ask("GET", f"/proxies/one/toxics/{kind}_{stream}").json == whole
    assert one.ask("GET", "/proxies/one/toxics").json == [whole]
    assert one.ask("GET", "/proxies/one").json["toxics"] == [whole]
    assert one.ask("GET", "/proxies").json["one"]["toxics"] == [whole]


@pytest.mark.parametrize("kind", DEFAULTS)
def test_defaults_are_filled_in(one: Subject, kind: str) -> None:
    answer = one.ask("POST", "/proxies/one/toxics", {"type": kind})
    assert answer.status == 200
    assert answer.json["attributes"] == DEFAULTS[kind]
    assert (answer.json["stream"], answer.json["toxicity"]) == ("downstream", 1)


def test_whole_numbers_are_written_whole(one: Subject) -> None:
    """As clients of typed languages need them: 1, not 1.0."""
    text = one.ask("POST", "/proxies/one/toxics", {"type": "latency", "attributes": {"latency": 5}}).text
    assert '"latency":5,' in text.replace(" ", "")
    assert "1.0" not in text


def test_several_in_the_order_of_creation_upstream_first(one: Subject) -> None:
    for name, stream in (("d1", "downstream"), ("u1", "upstream"), ("d2", "downstream"), ("u2", "upstream")):
        one.toxic("one", "noop", stream, name=name)
    assert listed(one) == ["u1", "u2", "d1", "d2"]


@pytest.mark.parametrize("stream", ["upstream", "downstream"])
def test_a_name_is_unique_across_both_streams(one: Subject, stream: str) -> None:
    one.toxic("one", "noop", "downstream", name="foo")
    answer = one.ask("POST", "/proxies/one/toxics", {"name": "foo", "type": "latency", "stream": stream})
    assert (answer.status, answer.json) == (409, {"error": "toxic already exists", "status": 409})
    assert listed(one) == ["foo"]


def test_default_names_differ_by_stream(one: Subject) -> None:
    assert one.toxic("one", "noop", "upstream") == "noop_upstream"
    assert one.toxic("one", "noop", "downstream") == "noop_downstream"


def test_one_name_in_two_proxies(one: Subject) -> None:
    one.create("two", DEAD)
    assert one.toxic("one", "noop", name="same") == one.toxic("two", "noop", name="same")


def test_toxicity_is_kept(one: Subject) -> None:
    one.toxic("one", "latency", name="rare", toxicity=0.2)
    assert one.ask("GET", "/proxies/one/toxics/rare").json["toxicity"] == 0.2


@pytest.mark.parametrize("kind", ["", "teapot", "Latency", "down"])
def test_a_type_that_is_none(one: Subject, kind: str) -> None:
    answer = one.ask("POST", "/proxies/one/toxics", {"type": kind})
    assert (answer.status, answer.json) == (400, {"error": "invalid toxic type", "status": 400})


def test_a_body_without_a_type(one: Subject) -> None:
    answer = one.ask("POST", "/proxies/one/toxics", {})
    assert (answer.status, answer.json["error"]) == (400, "invalid toxic type")


def test_a_stream_that_is_none(one: Subject) -> None:
    answer = one.ask("POST", "/proxies/one/toxics", {"type": "noop", "stream": "sideways"})
    text = "stream was invalid, can be either upstream or downstream"
    assert (answer.status, answer.json) == (400, {"error": text, "status": 400})
    assert listed(one) == []


def test_the_case_of_a_stream_does_not_matter(one: Subject) -> None:
    assert one.ask("POST", "/proxies/one/toxics", {"type": "noop", "stream": "UpStream"}).status == 200
    assert len(listed(one)) == 1


@pytest.mark.parametrize(
    "asked",
    [
        "nonsense",
        "",
        '{"type": 5}',
        '{"type": "noop", "toxicity": "often"}',
        '{"type": "latency", "attributes": {"latency": "long"}}',
        '{"type": "latency", "attributes": {"latency": 1.5}}',
        '{"type": "latency", "attributes": 5}',
    ],
)
def test_a_body_that_is_not_understood(one: Subject, asked: str) -> None:
    answer = one.ask("POST", "/proxies/one/toxics", asked)
    assert answer.status == 400
    assert answer.json["error"].startswith("bad request body: ")
    assert listed(one) == []


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_update_changes_what_is_said_and_keeps_the_rest(one: Subject, method: str) -> None:
    one.toxic("one", "latency", latency=100, jitter=10)
    path = "/proxies/one/toxics/latency_downstream"
    first = one.ask(method, path, {"attributes": {"latency": 1000}})
    assert (first.status, first.json["attributes"]) == (200, {"latency": 1000, "jitter": 10})
    second = one.ask(method, path, {"attributes": {"jitter": 5}})
    assert second.json["attributes"] == {"latency": 1000, "jitter": 5}
    third = one.ask(method, path, {"toxicity": 0.5})
    assert (third.json["toxicity"], third.json["attributes"]) == (0.5, {"latency": 1000, "jitter": 5})
    assert one.ask("GET", path).json == third.json


def test_update_ignores_name_type_and_stream(one: Subject) -> None:
    one.toxic("one", "latency", latency=100)
    path = "/proxies/one/toxics/latency_downstream"
    before = one.ask("GET", path).json
    answer = one.ask("PATCH", path, {"name": "x", "type": "noop", "stream": "upstream"})
    assert (answer.status, answer.json) == (200, before)


@pytest.mark.parametrize("asked", ["nonsense", '{"attributes": {"latency": "x"}}', '{"toxicity": "x"}'])
def test_an_update_that_is_not_understood(one: Subject, asked: str) -> None:
    one.toxic("one", "latency", latency=100)
    path = "/proxies/one/toxics/latency_downstream"
    before = one.ask("GET", path).json
    answer = one.ask("PATCH", path, asked)
    assert answer.status == 400
    assert answer.json["error"].startswith("bad request body: ")
    assert one.ask("GET", path).json == before


def test_removed_it_is_gone(one: Subject) -> None:
    one.toxic("one", "noop", name="foo")
    answer = one.ask("DELETE", "/proxies/one/toxics/foo")
    assert (answer.status, answer.text) == (204, "")
    assert listed(one) == []


@pytest.mark.parametrize(("method", "asked"), [("GET", None), ("PATCH", {}), ("POST", {}), ("DELETE", None)])
def test_an_unknown_toxic(one: Subject, method: str, asked: object) -> None:
    answer = one.ask(method, "/proxies/one/toxics/none", asked)
    assert (answer.status, answer.json) == (404, {"error": "toxic not found", "status": 404})
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_toxics_outlive_disable_and_enable(one: Subject) -> None:
    one.toxic("one", "noop", name="foo")
    for state in (False, True):
        one.ask("PATCH", "/proxies/one", {"enabled": state})
        assert listed(one) == ["foo"]


def test_toxics_outlive_a_new_upstream(one: Subject) -> None:
    one.toxic("one", "noop", name="foo")
    one.ask("PATCH", "/proxies/one", {"upstream": "127.0.0.1:2"})
    assert listed(one) == ["foo"]

"""What is read from JSON, what is refused, and with which words."""

from __future__ import annotations

import math
from typing import Any

import pytest

from blackstart.toxics.errors import ProxyRefused
from blackstart.toxics.model import Toxic, demand_name, read_change, read_toxic
from blackstart.toxics.types import TYPES


def toxic(type: str, protocol: str = "tcp", **more: Any) -> Toxic:
    return read_toxic({"type": type, **more}, protocol, TYPES)


def refusal(document: Any, protocol: str = "tcp") -> ProxyRefused:
    with pytest.raises(ProxyRefused) as caught:
        read_toxic(document, protocol, TYPES)
    return caught.value


def test_defaults() -> None:
    assert toxic("latency").to_json() == {
        "attributes": {"latency": 0, "jitter": 0},
        "name": "latency_downstream",
        "type": "latency",
        "stream": "downstream",
        "toxicity": 1,
    }


def test_extensions_are_shown_where_they_are_used() -> None:
    shown = toxic("noop", clients=["127.0.1.11", "127.0.2.0/24"], ttl_ms=500, toxicity=0.25).to_json()
    assert (shown["clients"], shown["ttl_ms"], shown["toxicity"]) == (
        ["127.0.1.11", "127.0.2.0/24"],
        500,
        0.25,
    )


def test_null_is_the_same_as_nothing() -> None:
    made = toxic("latency", name=None, stream=None, toxicity=None, attributes=None, clients=None, ttl_ms=None)
    assert made.to_json() == toxic("latency").to_json()
    assert toxic("latency", attributes={"latency": None}).attributes["latency"] == 0


@pytest.mark.parametrize(
    ("type", "attributes", "says"),
    [
        (
            "bandwidth",
            {"rate": 0},
            "from 1 to 1000000000 KB/s, not 0; to let nothing through, use the toxic timeout",
        ),
        ("bandwidth", {"rate": -1}, "not -1"),
        ("bandwidth", {}, "timeout with timeout 0"),
        ("slicer", {}, "average_size must be from 1"),
        ("slicer", {"average_size": 10, "size_variation": 11}, "at most average_size, 10 B, not 11"),
        ("latency", {"latency": -1}, "latency must be from 0"),
        ("latency", {"jitter": 2**63 - 1}, "jitter must be from 0 to 86400000 ms"),
        ("latency", {"latency": 1.0}, "latency must be a whole number, not 1.0"),
        ("latency", {"latency": "5"}, "latency must be a whole number, not '5'"),
        ("latency", {"latency": True}, "latency must be a whole number, not true"),
        ("latency", {"latencyy": 5}, "has no attribute 'latencyy'; it has latency, jitter"),
        ("noop", {"latency": 5}, "has no attribute 'latency'; it has none"),
        ("limit_data", {"bytes": -1}, "bytes must be from 0"),
        ("packet_loss", {"loss_rate": 1.5}, "loss_rate must be from 0 to 1, not 1.5"),
        ("packet_loss", {"loss_rate": math.nan}, "loss_rate must be a number"),
        ("packet_loss", {"loss_rate": "often"}, "loss_rate must be a number, not 'often'"),
        ("latency", [], "attributes must be an object"),
        ("latency", 5, "attributes must be an object, not 5"),
    ],
)
def test_values_that_are_refused(type: str, attributes: Any, says: str) -> None:
    refused = refusal({"type": type, "attributes": attributes})
    assert refused.status == 400
    assert refused.message.startswith("bad request body: ")
    assert says in refused.message


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (5, "an object is expected, not 5"),
        (None, "an object is expected, not null"),
        ({"type": "noop", "toxicity": 7}, "from 0 to 1, not 7"),
        ({"type": "noop", "toxicity": -0.1}, "from 0 to 1, not -0.1"),
        ({"type": "noop", "toxicity": "often"}, "toxicity must be a number"),
        ({"type": "noop", "ttl_ms": -1}, "ttl_ms must be from 0"),
        ({"type": "noop", "ttl_ms": 86_400_001}, "ttl_ms must be from 0"),
        ({"type": "noop", "clients": "127.0.0.1"}, "clients must be a list"),
        ({"type": "noop", "clients": [5]}, "clients must be a list"),
        ({"type": "noop", "clients": ["payments"]}, "'payments' is neither an address nor a network"),
        ({"type": 5}, "type must be a text, not 5"),
        ({"type": "noop", "name": "a/b"}, "no /"),
        ({"type": "noop", "name": ".."}, "neither . nor .."),
        ({"type": "noop", "name": "a\nb"}, "cannot be written"),
        ({"type": "noop", "name": "\ud800"}, "cannot be written"),
    ],
)
def test_what_else_is_refused(document: Any, says: str) -> None:
    refused = refusal(document)
    assert refused.status == 400
    assert says in refused.message


def test_the_stream_is_looked_at_before_the_type() -> None:
    assert refusal({"type": "teapot", "stream": "sideways"}).message.startswith("stream was invalid")
    assert refusal({"type": "teapot"}).message == "invalid toxic type"
    assert toxic("noop", stream="UPSTREAM").stream == "upstream"


def test_a_type_of_another_protocol_says_what_there_is() -> None:
    message = refusal({"type": "bandwidth"}, "udp").message
    assert message.startswith("invalid toxic type: bandwidth is none of a udp proxy, which takes ")
    assert "noop" in message


def test_a_change_keeps_what_it_does_not_name() -> None:
    made = toxic("latency", attributes={"latency": 5, "jitter": 2}, clients=["127.0.0.1"], ttl_ms=9)
    change = read_change({"attributes": {"jitter": 3}}, made)
    assert made.attributes["jitter"] == 2
    assert change.apply(made) is False
    assert made.attributes == {"latency": 5, "jitter": 3}
    assert (made.clients.texts, made.ttl_ms, made.toxicity) == (("127.0.0.1",), 9, 1)


@pytest.mark.parametrize(
    "document", [{"attributes": {"latency": 1, "jitter": "x"}}, {"attributes": {"latency": 1}, "toxicity": 2}]
)
def test_a_refused_change_is_not_half_applied(document: dict[str, Any]) -> None:
    made = toxic("latency", attributes={"latency": 5})
    with pytest.raises(ProxyRefused):
        read_change(document, made)
    assert made.attributes == {"latency": 5, "jitter": 0}


@pytest.mark.parametrize(
    ("document", "rolled"),
    [({}, False), ({"toxicity": 1}, False), ({"toxicity": 0.5}, True), ({"clients": ["127.0.0.2"]}, True)],
)
def test_a_change_says_whether_whom_it_acts_on_is_decided_anew(
    document: dict[str, Any], rolled: bool
) -> None:
    made = toxic("latency")
    assert read_change(document, made).apply(made) is rolled
    assert made.rolls == int(rolled)


def test_clients_are_all_unless_some_are_named() -> None:
    assert toxic("noop").acts_on("127.0.0.1")
    some = toxic("noop", clients=["127.0.1.0/24"])
    assert some.acts_on("127.0.1.11")
    assert not some.acts_on("127.0.0.1")


@pytest.mark.parametrize("name", ["a", "a b", "päyments", "...", "a.b", "%2F", "?"])
def test_names_that_a_path_can_say(name: str) -> None:
    assert demand_name(name) == name


@pytest.mark.parametrize("name", sorted(TYPES))
def test_every_type_of_the_table_refuses_what_it_does_not_know(name: str) -> None:
    with pytest.raises(ProxyRefused, match="has no attribute 'nonsense'"):
        TYPES[name].read({"nonsense": 1})
    for one in TYPES[name].attributes:
        with pytest.raises(ProxyRefused, match=f"{name}: {one.name} must be"):
            one.read(object(), name)

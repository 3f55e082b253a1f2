"""What a type of toxic is, what a toxic is, and how both read and write JSON.

`types.py` has the table of every type. A type states its attributes once: reading, refusing, defaults and the JSON
that is shown all come from there.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from blackstart.toxics.addresses import Networks
from blackstart.toxics.errors import ProxyRefused, bad_request

__all__ = ["DAY_MS", "STREAMS", "Attribute", "Attributes", "Change", "Toxic", "ToxicType", "demand"]

Attributes = Mapping[str, Any]
"""The values of a toxic, every attribute of its type present, as `Attribute.read` returned them."""

STREAMS: Final = ("upstream", "downstream")
"""Upstream is what the client sends, downstream what the server answers; listed in this order."""

DAY_MS: Final = 86_400_000
"""The longest time that a toxic may be told, in ms: more is a slip, and 2^63-1 kills other proxies."""

_JSON_NAMES = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "a text",
    dict: "an object",
}


@dataclass(frozen=True, slots=True)
class Attribute:
    """One value of a type: its kind (int, float, bool, str, or dict of texts), default, bounds and unit.

    `refused` may give a value of its own words: the sentence that says what to use instead.
    """

    name: str
    kind: type
    default: Any
    low: float | None = None
    high: float | None = None
    unit: str = ""
    instead: str = ""

    def read(self, value: Any, type_name: str) -> Any:
        """The value as this attribute keeps it. ProxyRefused for another kind and out of bounds."""
        value = demand(f"{type_name}: {self.name}", self.kind, value)
        if (self.low is not None and value < self.low) or (self.high is not None and value > self.high):
            raise bad_request(f"{type_name}: {self.name} must be {self._bounds()}, not {value}{self.instead}")
        return value

    def _bounds(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        if self.high is None:
            return f"at least {self.low}{unit}"
        return f"from {self.low} to {self.high}{unit}"


def demand(what: str, kind: type, value: Any) -> Any:
    """The value, when JSON gave it as that kind. ProxyRefused otherwise: no text for a number, no 1.5 for an int."""
    if kind is float and type(value) is int and abs(value) <= sys.float_info.max:
        value = float(value)
    if type(value) is not kind or value != value:  # NaN is unequal to itself
        raise bad_request(f"{what} must be {_JSON_NAMES[kind]}, not {_shown(value)}")
    if isinstance(value, dict) and not all(type(one) is str for one in value.values()):
        raise bad_request(f"{what} must be an object of texts")
    return value


def _shown(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


@dataclass(frozen=True, slots=True)
class ToxicType:
    """One type of toxic. `protocols` are those of the proxies that take it, `streams` where it makes sense.

    `check` sees all attributes together and returns a sentence, or "" when they fit. `effect` makes what acts on one
    direction of a TCP connection (effects/base.py); types that act elsewhere, on datagrams or HTTP, have none.
    """

    name: str
    attributes: tuple[Attribute, ...] = ()
    protocols: frozenset[str] = frozenset({"tcp", "http"})
    streams: tuple[str, ...] = STREAMS
    check: Callable[[Attributes], str] = field(default=lambda attributes: "")
    effect: Callable[..., Any] | None = None

    def read(self, given: Any, kept: Attributes | None = None) -> dict[str, Any]:
        """All attributes: those given, else those kept, else the defaults. ProxyRefused with a sentence."""
        given = {} if given is None else given
        if not isinstance(given, dict):
            raise bad_request(f"attributes must be an object, not {_shown(given)}")
        self._demand_known(given)
        values = {one.name: self._value(one, given, kept) for one in self.attributes}
        if problem := self.check(values):
            raise bad_request(f"{self.name}: {problem}")
        return values

    def _value(self, one: Attribute, given: Mapping[str, Any], kept: Attributes | None) -> Any:
        value = given.get(one.name)
        if value is not None:
            return one.read(value, self.name)
        return one.read(one.default, self.name) if kept is None else kept[one.name]

    def _demand_known(self, given: Mapping[str, Any]) -> None:
        known = [one.name for one in self.attributes]
        for name in given:
            if name not in known:
                has = f"it has {', '.join(known)}" if known else "it has none"
                raise bad_request(f"{self.name} has no attribute {name!r}; {has}")


@dataclass(slots=True, eq=False)
class Toxic:
    """One toxic on one proxy. `attributes` is replaced as a whole by an update, never changed in place.

    `clients` empty: it acts on every client. `ttl_ms` 0: it stays until it is removed.
    """

    type: ToxicType
    name: str
    stream: str
    toxicity: float
    attributes: Attributes
    clients: Networks
    ttl_ms: int = 0
    rolls: int = 0
    """How often whom it acts on was decided anew: part of what the dice are seeded with."""

    def to_json(self) -> dict[str, Any]:
        """As Toxiproxy shows it; our extensions only where they are used."""
        shown: dict[str, Any] = {
            "attributes": dict(self.attributes),
            "name": self.name,
            "type": self.type.name,
            "stream": self.stream,
            "toxicity": int(self.toxicity) if self.toxicity in (0, 1) else self.toxicity,
        }
        if self.clients:
            shown["clients"] = list(self.clients.texts)
        if self.ttl_ms:
            shown["ttl_ms"] = self.ttl_ms
        return shown

    def acts_on(self, client: str) -> bool:
        """Whether it acts on what this address sends and gets."""
        return not self.clients or client in self.clients


@dataclass(frozen=True, slots=True)
class Change:
    """What an update asks of a toxic: everything read and found good, nothing applied yet."""

    attributes: Attributes
    toxicity: float
    clients: Networks
    ttl_ms: int

    def apply(self, toxic: Toxic) -> bool:
        """Write the values. Returns whether they may change whom the toxic acts on."""
        rolled = (self.toxicity, self.clients.texts) != (toxic.toxicity, toxic.clients.texts)
        toxic.rolls += rolled
        toxic.attributes = self.attributes
        toxic.toxicity = self.toxicity
        toxic.clients = self.clients
        toxic.ttl_ms = self.ttl_ms
        return rolled


def read_toxic(document: Any, protocol: str, types: Mapping[str, ToxicType]) -> Toxic:
    """A new toxic from the body of a POST. ProxyRefused, in the order that Toxiproxy looks: stream, type, values."""
    body = demand_object(document)
    name = _optional(body, "name", str, "")
    type_name = _optional(body, "type", str, "")
    stream = _optional(body, "stream", str, "downstream")
    toxicity = read_toxicity(body, 1.0)
    if stream.lower() not in STREAMS:
        raise ProxyRefused(400, "stream was invalid, can be either upstream or downstream")
    stream = stream.lower()
    kind = _known_type(type_name, protocol, stream, types)
    return Toxic(
        type=kind,
        name=demand_name(name or f"{type_name}_{stream}"),
        stream=stream,
        toxicity=toxicity,
        attributes=kind.read(body.get("attributes")),
        clients=read_clients(body, Networks(())),
        ttl_ms=read_ttl(body, 0),
    )


def read_change(document: Any, toxic: Toxic) -> Change:
    """The update that the body of a PATCH asks for. What it does not name stays."""
    body = demand_object(document)
    return Change(
        attributes=toxic.type.read(body.get("attributes"), toxic.attributes),
        toxicity=read_toxicity(body, toxic.toxicity),
        clients=read_clients(body, toxic.clients),
        ttl_ms=read_ttl(body, toxic.ttl_ms),
    )


def _known_type(name: str, protocol: str, stream: str, types: Mapping[str, ToxicType]) -> ToxicType:
    kind = types.get(name)
    if kind is None:
        raise ProxyRefused(400, "invalid toxic type")
    if protocol not in kind.protocols:
        takes = ", ".join(sorted(one.name for one in types.values() if protocol in one.protocols))
        raise ProxyRefused(
            400, f"invalid toxic type: {name} is none of a {protocol} proxy, which takes {takes}"
        )
    if stream not in kind.streams:
        raise bad_request(f"{name} acts {' or '.join(kind.streams)} only, not {stream}")
    return kind


def read_toxicity(body: Mapping[str, Any], kept: float) -> float:
    value: float = _optional(body, "toxicity", float, kept)
    if not 0 <= value <= 1:
        raise bad_request(f"toxicity is the share of connections it acts on, from 0 to 1, not {value:g}")
    return value


def read_ttl(body: Mapping[str, Any], kept: int) -> int:
    value: int = _optional(body, "ttl_ms", int, kept)
    if not 0 <= value <= DAY_MS:
        raise bad_request(f"ttl_ms must be from 0 (for ever) to {DAY_MS} ms, not {value}")
    return value


def read_clients(body: Mapping[str, Any], kept: Networks) -> Networks:
    given = body.get("clients")
    if given is None:
        return kept
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise bad_request("clients must be a list of addresses or networks, as 127.0.1.11 or 127.0.1.0/24")
    try:
        return Networks(tuple(given))
    except ValueError as error:
        raise bad_request(f"clients: {error}") from error


def demand_object(document: Any) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise bad_request(f"an object is expected, not {_shown(document)}")
    return document


def _optional(body: Mapping[str, Any], name: str, kind: type, default: Any) -> Any:
    value = body.get(name)
    return default if value is None else demand(name, kind, value)


def demand_name(name: str) -> str:
    """A name that can be said in a path. Toxiproxy takes any, and then cannot find it again."""
    if "/" in name or name in (".", ".."):
        raise bad_request(f"the name {name!r} cannot be said in a path: use no / and neither . nor ..")
    return demand_written("the name", name)


def demand_written(what: str, text: str) -> str:
    """A text that can be shown: no control letters, no halves of letters."""
    if any(ord(letter) < 32 or 0xD800 <= ord(letter) <= 0xDFFF or letter == "\x7f" for letter in text):
        raise bad_request(f"{what} {text!r} has a letter that cannot be written")
    return text

"""An event as such: its envelope, its words, and the hash chain. The kinds of events are in `events`.

An `Event` is an envelope (who, when, from which source, its place in the hash chain) round a `Body`.
`FreeText` is where people's words or a terminal's contents go in: the chain covers only its salted hash, so that
one message can be redacted and the chain still verifies.

`link` is the one place where an event gets its number and its hashes, `write_line` the one way it is written.
What goes in is plain JSON that reads back as it was; a lone surrogate (half a character) becomes U+FFFD, and
everything else that is not plain is a ValueError.
"""

from __future__ import annotations

import hashlib
import json
import math
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar, get_args

if TYPE_CHECKING:
    from blackstart.clock import Stamp

__all__ = [
    "BODIES",
    "GENESIS",
    "MAX_LINE",
    "SOURCES",
    "Body",
    "Event",
    "FreeText",
    "Source",
    "Unknown",
    "chain_hash",
    "honest",
    "later",
    "link",
    "parse_body",
    "settled",
    "without_words",
    "words",
    "write_line",
]

GENESIS = "0" * 64
"""What the first event has as `prev`."""

MAX_LINE = 16 * 1024 * 1024
"""Bytes that one event may have as JSON. A header with twenty input files of the largest size fits."""

Source = Literal["harness", "probe", "page", "thread", "terminal", "audit", "console", "form"]
"""Where the evidence comes from. `form` is opinion: never a time."""

SOURCES: tuple[str, ...] = get_args(Source)


_WORDS = {"text", "salt", "sha256"}
"""The keys of free text in JSON. Nothing else may have exactly these."""

_COVERED = "free text"
"""The key under which the chain covers free text. Reserved: nothing in a body may be called so, or somebody could
put a plain value in the place of words, and the chain would not notice."""


@dataclass(frozen=True, slots=True)
class FreeText:
    """Words of a person or a terminal.

    Once redacted, `text` is None and `salt` is empty; the hash stays. The salt goes as well, because with it a
    short text ("yes") could be found again by trying.
    """

    text: str | None
    salt: str
    sha256: str

    @classmethod
    def of(cls, text: str) -> FreeText:
        salt, text = secrets.token_hex(16), _whole(text)
        return cls(text, salt, hashlib.sha256((salt + text).encode()).hexdigest())

    @property
    def shown(self) -> str:
        """What a reader may see."""
        return "[redacted]" if self.text is None else self.text

    def honest(self) -> bool:
        """Whether text and hash belong together; a redacted text cannot be checked and passes."""
        if self.text is None:
            return self.salt == ""
        salted = (self.salt + self.text).encode("utf-8", "surrogatepass")
        return hashlib.sha256(salted).hexdigest() == self.sha256

    def redacted(self) -> FreeText:
        """The same without its words."""
        return FreeText(None, "", self.sha256)


BODIES: dict[str, type[Body]] = {}
"""Every kind of event that this version knows, by its public name."""


@dataclass(frozen=True, slots=True)
class Body:
    """What happened. `kind` is the public name; never reused for another meaning."""

    kind: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        if cls.kind:
            BODIES[cls.kind] = cls

    def to_data(self) -> dict[str, Any]:
        data = {f.name: _plain(getattr(self, f.name)) for f in fields(self)}
        for name, default in _later(self.kind):
            if data[name] == default:
                del data[name]
        return data


Default = TypeVar("Default")


def later(default: Default) -> Default:
    """The default of a field that its kind has not had from the start.

    It is left out of JSON while it has that value: so a record from before reads back to the bytes that its chain
    covers, and a version from before goes on to know the kind.
    """
    made: Default = field(default=default, metadata={_LATER: True})
    return made


_LATER = "later"


@cache
def _later(kind: str) -> tuple[tuple[str, Any], ...]:
    """Each field of that sort of one kind, with its default."""
    return tuple((f.name, f.default) for f in fields(BODIES[kind]) if f.metadata.get(_LATER))


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the record. `prev` and `hash` chain it to the line before (sha256, hex)."""

    seq: int
    at: str
    wall: str
    mono_ns: int
    drill_s: float
    actor: str
    source: Source
    body: Body
    prev: str
    hash: str

    @property
    def kind(self) -> str:
        return self.body.kind if not isinstance(self.body, Unknown) else self.body.name

    def to_json(self) -> dict[str, Any]:
        """The event as `record.jsonl` and an export have it."""
        return {
            "seq": self.seq,
            "kind": self.kind,
            "at": self.at,
            "wall": self.wall,
            "mono_ns": self.mono_ns,
            "drill_s": self.drill_s,
            "actor": self.actor,
            "source": self.source,
            "data": self.body.to_data(),
            "prev": self.prev,
            "hash": self.hash,
        }

    def to_line(self) -> str:
        """The event as one line of `record.jsonl`, without the newline: the only way it is ever written."""
        return write_line(self.to_json())

    @classmethod
    def from_json(cls, line: Mapping[str, Any]) -> Event:
        """The inverse of `to_json`; KeyError or TypeError where a field is missing or of another type."""
        return cls(
            line["seq"],
            line["at"],
            line["wall"],
            line["mono_ns"],
            line["drill_s"],
            line["actor"],
            line["source"],
            parse_body(line["kind"], line["data"]),
            line["prev"],
            line["hash"],
        )

    @classmethod
    def from_line(cls, line: bytes | str) -> Event:
        """The inverse of `to_line`; ValueError for what is not JSON, else as `from_json`."""
        return cls.from_json(json.loads(line))


def _plain(value: Any) -> Any:
    if isinstance(value, FreeText):
        return {"text": value.text, "salt": value.salt, "sha256": value.sha256}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value


_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False)


def write_line(line: Mapping[str, Any]) -> str:
    """The one spelling of an event's JSON: ASCII, no blanks, keys in their order. ValueError for NaN."""
    return _ENCODER.encode(line)


def _is_words(data: Mapping[str, Any]) -> bool:
    return len(data) == 3 and data.keys() == _WORDS


def chained(data: Any) -> Any:
    """The part of a body's data that the chain covers: free text only as its hash. ValueError for a reserved key."""
    if isinstance(data, dict):
        if _is_words(data):
            return {_COVERED: data["sha256"]}
        if _COVERED in data:
            raise ValueError(f"the key {_COVERED!r} is reserved")
        return {key: chained(item) for key, item in data.items()}
    if isinstance(data, list):
        return [chained(item) for item in data]
    return data


def chain_hash(line: Mapping[str, Any]) -> str:
    """The hash of one event: sha256 (hex) of its JSON as it is written, with its own `hash` left out and each free
    text standing as its hash. `prev` is inside, so each event seals all before it.
    """
    return hashlib.sha256(_covered(line).encode()).hexdigest()


def _covered(line: Mapping[str, Any]) -> str:
    """The text that the hash of an event is made of."""
    covered = dict(line)
    covered.pop("hash", None)
    covered["data"] = chained(line["data"])
    return write_line(covered)


def words(data: Any) -> Iterator[dict[str, Any]]:
    """Every free text in a body's JSON, as JSON."""
    if isinstance(data, dict):
        if _is_words(data):
            yield data
        else:
            for value in data.values():
                yield from words(value)
    elif isinstance(data, list):
        for value in data:
            yield from words(value)


def honest(data: Any) -> bool:
    """Whether every free text in a body's JSON belongs to its hash (what the chain alone does not say)."""
    return all(_honest(**one) for one in words(data))


def _honest(text: Any, salt: Any, sha256: Any) -> bool:
    typed = isinstance(text, str | None) and isinstance(salt, str) and isinstance(sha256, str)
    return typed and FreeText(text, salt, sha256).honest()


def without_words(data: Any) -> Any:
    """A body's JSON with every free text redacted."""
    if isinstance(data, dict):
        if _is_words(data):
            return {"text": None, "salt": "", "sha256": data["sha256"]}
        return {key: without_words(value) for key, value in data.items()}
    if isinstance(data, list):
        return [without_words(value) for value in data]
    return data


# --- making one -----------------------------------------------------------------------------------


def link(body: Body, *, stamp: Stamp, actor: str, source: Source, seq: int, prev: str) -> tuple[Event, str]:
    """An event in its place in the chain, and the line that it is written as. The body must be `settled`.

    ValueError for a source that there is not.
    """
    if source not in SOURCES:
        raise ValueError(f"an event has no source {source!r}; there are {', '.join(SOURCES)}")
    event = Event(seq, stamp.at, stamp.wall, stamp.mono_ns, stamp.drill_s, actor, source, body, prev, "")
    line = event.to_json()
    covered = _covered(line)
    line["hash"] = sealed = hashlib.sha256(covered.encode()).hexdigest()
    plain = (
        f'"{_COVERED}":' not in covered
    )  # as a key it can stand nowhere else: quotes in a text are escaped
    text = f'{covered[:-1]},"hash":"{sealed}"}}' if plain else write_line(line)
    return replace(event, hash=sealed), text


def settled(body: Body) -> Body:
    """A copy that reads back from JSON exactly as it is, whatever its maker does with his own afterwards.

    ValueError when it holds what JSON has not (NaN, an object, a key that is not text) or what the chain reserves.
    """
    try:
        plain = {f.name: _settled(getattr(body, f.name), f"{body.kind}.{f.name}") for f in fields(body)}
    except RecursionError:
        raise ValueError(f"an event cannot be written as JSON: {body.kind} is nested too deeply") from None
    return type(body)(**plain)


def _settled(value: Any, where: str) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _whole(str.__str__(value))
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    if isinstance(value, FreeText) and value.honest():
        return value
    if isinstance(value, list | tuple):
        return [_settled_inside(item, f"{where}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, Mapping):
        return _settled_mapping(value, where)
    seen = repr(value) if isinstance(value, float) else f"a {type(value).__name__}"
    raise ValueError(f"an event cannot be written as JSON: {where} is {seen}")


def _settled_inside(value: Any, where: str) -> Any:
    if isinstance(value, FreeText):
        raise ValueError(f"{where} is free text inside another value: the reader would not know it again")
    return _settled(value, where)


def _settled_mapping(value: Mapping[Any, Any], where: str) -> dict[str, Any]:
    for key in value:
        if not isinstance(key, str) or _whole(key) != key:
            raise ValueError(
                f"an event cannot be written as JSON: {where} has the key {key!r}, which is not text"
            )
    if value.keys() == _WORDS or _COVERED in value:
        raise ValueError(f"{where} has the keys {sorted(value)}: they are reserved for free text")
    return {key: _settled_inside(item, f"{where}.{key}") for key, item in value.items()}


def _whole(text: str) -> str:
    """The text with U+FFFD for each half of a character: no file and no report could hold it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


# --- reading ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Unknown(Body):
    """An event of a later version: kept whole, shown by name, never guessed at."""

    name: str
    data: dict[str, Any] = field(default_factory=dict)

    def to_data(self) -> dict[str, Any]:
        return dict(self.data)


def parse_body(kind: str, data: Mapping[str, Any]) -> Body:
    """The typed body of one kind. A kind or field this version does not know gives `Unknown`."""
    cls = BODIES.get(kind)
    if cls is None:
        return Unknown(kind, dict(data))
    try:
        texts = {name: FreeText(**data[name]) for name in _texts(kind) if name in data}
        return cls(**{**data, **texts} if texts else data)
    except TypeError:
        return Unknown(kind, dict(data))


@cache
def _texts(kind: str) -> tuple[str, ...]:
    """The names of a body's fields that are free text."""
    return tuple(f.name for f in fields(BODIES[kind]) if f.type in (FreeText, "FreeText"))

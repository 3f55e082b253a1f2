"""The envelope, the words and the chain: what goes in reads back as it is, or is refused with its place."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackstart.chain import (
    GENESIS,
    Event,
    FreeText,
    Source,
    Unknown,
    chain_hash,
    honest,
    link,
    settled,
    without_words,
    words,
    write_line,
)
from blackstart.clock import Stamp
from blackstart.events import CommandStarted, FaultIntended, HarnessError, StageEntered, ThreadPosted

STAMP = Stamp("2026-04-26T15:30:00.000000Z", "2026-04-26T15:30:01.000000Z", 7, 1.5)

TEXTS = st.text(st.characters(codec=None, categories=None), max_size=20)  # with lone surrogates and NUL
KEYS = st.text(max_size=5).filter(lambda key: key != "free text")
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
PLAIN_MAPS = st.dictionaries(KEYS, PLAIN, max_size=3)


def fault(params: Any) -> FaultIntended:
    return FaultIntended("f-1", "vault.seal", "vault", params, {}, "vault", 5.0)


def linked(body: Any, seq: int = 1, prev: str = GENESIS) -> tuple[Event, str]:
    return link(settled(body), stamp=STAMP, actor="harness", source="harness", seq=seq, prev=prev)


# --- words ----------------------------------------------------------------------------------------


@given(TEXTS)
def test_words_are_kept_whole_and_belong_to_their_hash(text: str) -> None:
    words_of = FreeText.of(text)
    assert words_of.honest()
    assert json.loads(json.dumps(words_of.text)) == words_of.text
    words_of.shown.encode()  # any report can hold it


def test_half_a_character_becomes_a_replacement() -> None:
    assert FreeText.of("a\ud800b \ud83d\ude00 ü").text == "a\N{REPLACEMENT CHARACTER}b 😀 ü"


def test_the_same_words_have_another_hash_each_time() -> None:
    assert FreeText.of("yes").sha256 != FreeText.of("yes").sha256


@given(st.text(), st.text())
def test_other_words_are_found_out(text: str, other: str) -> None:
    made = FreeText.of(text)
    assert FreeText(other, made.salt, made.sha256).honest() is (other == text)


def test_redacted_words_leave_nothing_to_try() -> None:
    made = FreeText.of("yes")
    gone = made.redacted()
    assert (gone.text, gone.salt, gone.shown, gone.honest()) == (None, "", "[redacted]", True)
    assert not FreeText(None, made.salt, made.sha256).honest()


# --- the chain ------------------------------------------------------------------------------------


def test_the_hash_is_that_of_the_line_without_it() -> None:
    event, line = linked(StageEntered("respond"))
    bare = line.replace(f',"hash":"{event.hash}"', "")
    assert event.hash == hashlib.sha256(bare.encode()).hexdigest()


def test_words_are_in_the_chain_as_their_hash_alone() -> None:
    text = FreeText.of("the vault is sealed")
    event, line = linked(CommandStarted("c-1", "s-1", text))
    spelt = json.dumps({"text": text.text, "salt": text.salt, "sha256": text.sha256}, separators=(",", ":"))
    covered = line.replace(f',"hash":"{event.hash}"', "").replace(spelt, f'{{"free text":"{text.sha256}"}}')
    assert event.hash == hashlib.sha256(covered.encode()).hexdigest()


@given(PLAIN_MAPS)
def test_the_line_is_the_event(params: dict[str, Any]) -> None:
    event, line = linked(fault(params))
    assert event.to_line() == line
    assert Event.from_line(line) == event
    assert line.isascii()
    assert "\n" not in line
    assert chain_hash(json.loads(line)) == event.hash


@given(TEXTS, PLAIN_MAPS)
def test_redaction_keeps_the_hash(text: str, params: dict[str, Any]) -> None:
    for body in (CommandStarted("c-1", text, FreeText.of(text)), fault(params)):
        event, line = linked(body)
        read = json.loads(line)
        blank = read | {"data": without_words(read["data"])}
        assert chain_hash(blank) == event.hash
        assert honest(blank["data"])
        assert all(one["text"] is None for one in words(blank["data"]))


def test_each_event_seals_the_one_before() -> None:
    first, _ = linked(StageEntered("respond"))
    second, _ = linked(StageEntered("observe"), 2, first.hash)
    other, _ = linked(StageEntered("observe"), 2, GENESIS)
    assert second.hash != other.hash


def test_a_source_that_there_is_not() -> None:
    source: Source = "hearsay"  # type: ignore[assignment]  # the point
    with pytest.raises(ValueError, match="an event has no source 'hearsay'"):
        link(StageEntered("respond"), stamp=STAMP, actor="a", source=source, seq=1, prev=GENESIS)


def test_one_spelling() -> None:
    assert write_line({"b": 1.0, "a": ["ü", None]}) == '{"b":1.0,"a":["\\u00fc",null]}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_line({"a": float("nan")})


# --- what goes in ---------------------------------------------------------------------------------


@given(TEXTS, PLAIN_MAPS)
def test_what_is_settled_stays_as_it_is(text: str, params: dict[str, Any]) -> None:
    for body in (HarnessError(text, text), ThreadPosted("m", "c", FreeText.of(text)), fault(params)):
        once = settled(body)
        assert settled(once) == once
        assert Event.from_line(linked(once)[1]).body == once


def test_a_settled_body_is_nobody_elses() -> None:
    params = {"list": [1]}
    body = settled(fault(params))
    params["list"].append(2)
    assert body.to_data()["params"] == {"list": [1]}


def test_a_tuple_is_a_list() -> None:
    assert settled(fault({"a": (1, 2)})) == fault({"a": [1, 2]})


@pytest.mark.parametrize(
    ("params", "what"),
    [
        ({"a": float("nan")}, r"fault\.intended\.params\.a is nan"),
        ({"a": [0.0, float("-inf")]}, r"fault\.intended\.params\.a\[1\] is -inf"),
        ({"a": {1, 2}}, r"params\.a is a set"),
        ({"a": b"x"}, r"params\.a is a bytes"),
        ({1: "a"}, r"params has the key 1, which is not text"),
        ({"\ud800": "a"}, r"which is not text"),
        ({"a": FreeText.of("x")}, r"params\.a is free text inside another value"),
        ({"text": "a", "salt": "b", "sha256": "c"}, r"reserved for free text"),
        ({"a": [{"free text": "b"}]}, r"params\.a\[0\] has the keys \['free text'\]: they are reserved"),
    ],
)
def test_what_is_refused_and_where(params: Any, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        settled(fault(params))


def test_words_that_belie_their_hash_are_refused() -> None:
    with pytest.raises(ValueError, match=r"command\.started\.line is a FreeText"):
        settled(CommandStarted("c", "s", FreeText("a", "b", "c")))


@given(PLAIN)
def test_nothing_that_is_read_breaks_the_check_of_words(data: Any) -> None:
    assert not honest({"text": data, "salt": data, "sha256": data})


def test_a_later_kind_is_kept_whole() -> None:
    line = {"kind": "moon.rose", "data": {"phase": "full", "of": [1, {"a": None}]}}
    envelope = linked(StageEntered("x"))[0].to_json() | line
    event = Event.from_json(envelope)
    assert (event.kind, event.body) == ("moon.rose", Unknown("moon.rose", envelope["data"]))
    assert event.to_json() == envelope


@pytest.mark.parametrize("data", [{"stage": "heal", "new": 1}, {}, {"other": 1}])
def test_a_known_kind_with_other_fields_is_kept_whole(data: dict[str, Any]) -> None:
    envelope = linked(StageEntered("x"))[0].to_json() | {"data": data}
    event = Event.from_json(envelope)
    assert (event.kind, event.body) == ("stage.entered", Unknown("stage.entered", data))
    assert event.to_json() == envelope

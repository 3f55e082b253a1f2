"""Every kind of event goes to JSON and comes back the same."""

from __future__ import annotations

import re
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackstart import events
from blackstart.chain import Event, link, settled
from blackstart.clock import Stamp
from blackstart.events import BODIES, GENESIS, Body, FreeText

STAMP = Stamp("2026-04-26T15:30:00.000000Z", "2026-04-26T15:30:01.000000Z", 7, 1.5)
KEYS = st.text(max_size=5).filter(lambda key: key != "free text")
PLAIN = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)


def values(type_: Any) -> st.SearchStrategy[Any]:
    """Any value of a field's declared type; a type that is not here has no business in an event."""
    origin, inside = get_origin(type_), get_args(type_)
    if origin is Literal:
        return st.sampled_from(inside)
    if origin is UnionType:
        return st.one_of(*map(values, inside))
    if origin is list:
        return st.lists(values(inside[0]), max_size=3)
    if origin is dict:
        return st.dictionaries(KEYS, values(inside[1]), max_size=3)
    simple: dict[Any, st.SearchStrategy[Any]] = {
        str: st.text(),
        int: st.integers(),
        float: st.floats(allow_nan=False, allow_infinity=False),
        bool: st.booleans(),
        FreeText: st.text().map(FreeText.of),
        NoneType: st.none(),
        Any: PLAIN | st.lists(PLAIN, max_size=2),
    }
    return simple[type_]


def bodies(cls: type[Body]) -> st.SearchStrategy[Body]:
    hints = {name: hint for name, hint in get_type_hints(cls).items() if name != "kind"}
    return st.builds(cls, **{name: values(hint) for name, hint in hints.items()})


@pytest.mark.parametrize("kind", sorted(BODIES))
@given(data=st.data())
def test_every_body_comes_back_as_it_was(kind: str, data: st.DataObject) -> None:
    body = data.draw(bodies(BODIES[kind]))
    event, line = link(settled(body), stamp=STAMP, actor="a", source="probe", seq=1, prev=GENESIS)
    back = Event.from_line(line)
    assert back == event
    assert type(back.body) is BODIES[kind]
    assert (back.body, back.kind) == (body, kind)


def test_kinds_are_names_of_two_words() -> None:
    assert all(re.fullmatch(r"[a-z]+\.[a-z]+", kind) for kind in BODIES)


def test_every_body_says_its_own_kind() -> None:
    here = {name: value for name, value in vars(events).items() if isinstance(value, type)}
    own = {cls.kind: cls for cls in here.values() if issubclass(cls, Body) and cls.kind}
    assert {kind: cls for kind, cls in BODIES.items() if cls.__module__ == events.__name__} == own


def test_what_is_exported_is_there() -> None:
    assert all(hasattr(events, name) for name in events.__all__)


def test_a_field_that_came_later_is_written_only_where_it_says_something() -> None:
    words = FreeText.of("logins fail")
    plain = events.PageFired("p-1", "vault", words, "ic-1")
    assert list(plain.to_data()) == ["page", "probe", "symptom", "to"]
    sent = events.PageFired("p-1", "vault", words, "ic-1", "alertmanager", "VaultLoginFailing", "f1")
    assert list(sent.to_data())[4:] == ["via", "alert", "fingerprint"]

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import pytest

from blackstart.events import BODIES, FreeText, Unknown
from blackstart.render.plain import what_happened

if TYPE_CHECKING:
    from tests.render.conftest import Drill

SAMPLES: dict[str, Any] = {
    "str": "word",
    "int": 3,
    "float": 2.0,
    "bool": True,
    "FreeText": FreeText.of("said <b>"),
    "dict[str, str]": {"vault": "red"},
    "dict[str, float]": {"vault": 1.0},
    "dict[str, Any]": {},
    "list[dict[str, Any]]": [{"id": "ic-1"}],
    "list[dict[str, str]]": [{"name": "vault"}],
}


@pytest.mark.parametrize("kind", sorted(BODIES))
def test_every_kind_has_words(book: Drill, kind: str) -> None:
    body = BODIES[kind]
    values = {f.name: SAMPLES.get(str(f.type), "word") for f in fields(body)}
    words = what_happened(replace(book.events[0], body=body(**values)))
    assert words
    assert words != kind


def test_an_event_of_a_later_version_has_its_name(book: Drill) -> None:
    assert what_happened(replace(book.events[0], body=Unknown("moon.rose", {"x": 1}))) == "moon.rose"


def test_it_is_one_line(hostile: Drill) -> None:
    assert all("\n" not in what_happened(event) for event in hostile.events)
    assert max(len(what_happened(event)) for event in hostile.events) <= 300

"""What pydantic says, in words: the hint for a duration, the key that was meant, what is left out to look further."""

from __future__ import annotations

import pytest

from blackstart.errors import InputError
from blackstart.source import Duration, Model, parse_loaded, parse_text


class Leaf(Model):
    wait: Duration
    note: str = ""


class Tree(Model):
    leaf: Leaf | None = None
    by_name: dict[str, Leaf] = {}
    pairs: list[tuple[str, str]] = []
    waits: dict[str, Duration] = {}


def messages(text: str) -> list[str]:
    with pytest.raises(InputError) as error:
        parse_text(Tree, text, "f")
    return [str(problem) for problem in error.value.problems]


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("90", "; did you mean 90s?"),
        ("5 minutes", "; did you mean 5m?"),
        ("5min", "; did you mean 5m?"),
        ("5M", "; did you mean 5m?"),
        ("2 hrs", "; did you mean 2h?"),
        ("1.5 Hours", "; did you mean 1.5h?"),
        ("30 sec", "; did you mean 30s?"),
        ("3 days", "; did you mean 3d?"),
        ("300ms", "; did you mean 0.3s?"),
        ("soon", ""),
        ("5 weeks", ""),
        ("400d", ""),
        ("[5m]", ""),
        ("true", ""),
    ],
)
def test_the_duration_that_was_meant(written: str, hint: str) -> None:
    (one,) = messages(f"waits: {{a: {written}}}")
    assert one.startswith("f:1:12: waits.a: a duration ")
    assert ("did you mean" in one) == bool(hint)
    assert one.endswith(hint)


def test_a_misspelt_key_is_not_also_told_as_missing() -> None:
    assert messages("leaf: {wiat: 5m}") == ['f:1:8: unknown key "wiat" of leaf; did you mean wait?']
    assert messages("leaf: {zzz: 5m}") == [
        "f:1:7: leaf has no wait; add wait:",
        'f:1:8: unknown key "zzz" of leaf; one of note, wait',
    ]


def test_keys_are_suggested_inside_mappings_of_parts() -> None:
    assert messages("by_name:\n  first: {wait: 5m, nte: x}") == [
        'f:2:21: unknown key "nte" of by_name.first; did you mean note?'
    ]


@pytest.mark.parametrize(
    ("pair", "told"),
    [
        ("[a]", "5: pairs[0]: too few entries; saw 1"),
        ("[a, b, c]", "5: pairs[0]: too many entries, at most 2; saw a list"),
        ("a", '5: pairs[0]: a list is needed; saw "a"'),
        ("[a, 1]", "9: pairs[0][1]: text is needed; saw 1; write it in quotes"),
        ("{}", "5: pairs[0]: a list is needed; saw a mapping"),
    ],
)
def test_a_pair_is_two_words(pair: str, told: str) -> None:
    assert messages(f"pairs:\n  - {pair}") == [f"f:2:{told}"]


def test_long_values_are_cut_and_long_shapes_named() -> None:
    (one,) = messages("leaf: {wait: 5m, note: [" + "x, " * 100 + "x]}")
    assert one == "f:1:24: leaf.note: text is needed; saw a list"
    (one,) = messages("waits: {a: " + "x" * 200 + "}")
    assert one.endswith('; saw "' + "x" * 56 + "...")


def test_what_is_wrong_is_left_out_and_the_rest_is_looked_at() -> None:
    loaded, problems = parse_loaded(Tree, "leaf: {wait: soon, extra: 1}\nwaits: {a: 5m, b: 5}", "f")
    assert len(problems) == 3
    assert loaded is not None
    assert loaded.model == Tree(leaf=Leaf(wait=0), waits={"a": "5m"})  # type: ignore[dict-item]  # as written
    assert loaded.unsure == {("leaf", "wait"), ("waits", "b")}

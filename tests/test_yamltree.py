"""The strict YAML: plain words stay words, everything dangerous is refused with its place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackstart.yamltree import MAX_DEPTH, MAX_PROBLEMS, parse


def value(text: str) -> Any:
    node, problems = parse(text, "f")
    assert problems == []
    assert node is not None
    return node.value


def problems(text: str) -> list[str]:
    return [str(problem) for problem in parse(text, "f")[1]]


@pytest.mark.parametrize(
    "word",
    [
        "on",
        "off",
        "yes",
        "no",
        "Y",
        "12:30",
        "1:30:00",
        "010",
        "0x1F",
        "0o7",
        "1_000",
        "2026-04-26",
        ".inf",
        ".nan",
        "1e999",
        "9" * 19,
        "=",
        "<<",
    ],
)
def test_words_stay_words(word: str) -> None:
    assert value(f"a: {word}") == {"a": word}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("true", True),
        ("False", False),
        ("NULL", None),
        ("~", None),
        ("", None),
        ("7", 7),
        ("-1", -1),
        ("0", 0),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("'7'", "7"),
        ('"true"', "true"),
    ],
)
def test_plain_scalars_of_the_core_schema(written: str, meant: object) -> None:
    assert value(f"a: {written}") == {"a": meant}


def test_a_key_is_always_the_word_as_written() -> None:
    assert value("on: 1\n2: b\nnull: c\n1.50: d") == {"on": 1, "2": "b", "null": "c", "1.50": "d"}


def test_places_are_kept_for_keys_and_values() -> None:
    node, _ = parse("title: é\nfaults:\n  - id: ü\n    at: 5s\n", "f")
    assert node is not None
    at = node.find(("faults", 0, "at"))
    assert (at.line, at.column) == (4, 9)
    assert node.find(("faults", 0)).keys["at"] == (4, 5)
    assert node.find(("faults", 0, "gone", "deeper")) is node.find(("faults", 0))


def test_windows_line_ends_and_a_byte_order_mark_are_accepted() -> None:
    assert value("\ufeffa: 1\r\nb: |\r\n  x\r\n  y\r\n") == {"a": 1, "b": "x\ny\n"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "f:1:1: the file is empty; begin with kind: and a title:"),
        ("# only a comment\n", "f:1:1: the file is empty; begin with kind: and a title:"),
        ("a:\n\tb: 1", "f:2:1: a tab is used as indentation; indent with spaces"),
        (
            "a:\n  \tb: 1\n\tc: 2",
            "f:2:3: a tab is used as indentation; 1 more line of the file begin so; indent with spaces",
        ),
        ("a: 1\na: 2", 'f:2:1: duplicate key "a"; first written in line 1; keep one'),
        ("a: &x [1]\nb: *x", "f:2:4: an alias is not accepted; saw *x; write the value out"),
        (
            "a: !!python/object/apply:os.system [x]",
            "f:1:4: a tag is not accepted; saw tag:yaml.org,2002:python/object/apply:os.system; write a plain value",
        ),
        ("a: !secret x", "f:1:4: a tag is not accepted; saw !secret; write a plain value"),
        ("a: 1\n---\nb: 1", "f:2:1: a second document begins here; one file has one document"),
        ("a: x\x00y", "f:1:5: a control character stands in the text; saw U+0000; remove it"),
        ("a: 1\nb: x\x1by", "f:2:5: a control character stands in the text; saw U+001B; remove it"),
        ('a: "\\x1b[2J"', "f:1:4: a control character stands in the text; saw U+001B; remove it"),
        ("a: x\ufeffy", "f:1:5: a control character stands in the text; saw U+FEFF; remove it"),
        ("a: \ud800", "f:1:4: a control character stands in the text; saw U+D800; remove it"),
        ("? [a]\n: 1", "f:1:3: a key must be a word; saw a list, a mapping or an alias"),
    ],
)
def test_what_is_refused(text: str, told: str) -> None:
    assert problems(text) == [told]


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_deep_nesting_is_refused_long_before_a_stack_ends(opening: str) -> None:
    told = problems(opening * 5000)
    assert f"values are nested deeper than {MAX_DEPTH} levels" in told[-1]


def test_an_alias_bomb_is_refused_at_its_first_level() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    told = problems("\n".join(lines))
    assert told[0] == "f:2:10: an alias is not accepted; saw *a0; write the value out"
    assert len(told) == MAX_PROBLEMS


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        ("a: b: c", "f:1:5:", 'a value that contains ": " needs quotes'),
        ("a: @b", "f:1:4:", "a value that begins with @"),
        ("a: [b", "f:2:1:", "a quote or a bracket is left open"),
        ("a: 'b\nc: d", "f:2:5:", "a quote or a bracket is left open"),
        ("a:\n  - b\n c", "f:3:2:", "keys of one mapping need the same indentation"),
    ],
)
def test_syntax_errors_say_where_and_what_to_try(text: str, place: str, hint: str) -> None:
    (told,) = problems(text)
    assert told.startswith(f"{place} this is not YAML: ")
    assert hint in told


def test_all_problems_of_a_text_come_at_once() -> None:
    told = problems("a: 1\na: 2\nb: !x 1\nb: *c\n")
    assert [line.split(": ")[0] for line in told] == ["f:2:1", "f:3:4", "f:4:4", "f:4:1"]


words = st.text(
    st.characters(
        codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff\ufffe\uffff\u2028\u2029"
    ),
    max_size=12,
)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=20,
)


@given(plain)
def test_json_is_read_as_itself(data: object) -> None:
    """JSON is YAML: what a program writes as JSON is read back the same."""
    text = json.dumps(data, ensure_ascii=False)
    assert value(text) == data


@given(st.text() | st.text(st.sampled_from("ab:-[]{}?*&!|>'\"%@`#, \n\t\r~0.")))
def test_any_text_gives_a_tree_or_problems(text: str) -> None:
    node, told = parse(text, "f")
    assert node is not None or told
    for problem in told:
        assert problem.line >= 1
        assert problem.column >= 1


def test_a_message_stays_short_whatever_the_file_holds() -> None:
    (told,) = problems(f"{'a' * 900}: 1\n{'a' * 900}: 2")
    assert len(told) < 300


def test_so_many_problems_and_no_more() -> None:
    assert len(problems("\x01" * 100_000)) == MAX_PROBLEMS
    assert len(problems("a: 1\n" * 1000)) == MAX_PROBLEMS

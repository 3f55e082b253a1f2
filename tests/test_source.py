"""Reading a file: durations, places, everything that can be wrong with the file itself."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from blackstart.errors import InputError, Problem
from blackstart.plan import Plan
from blackstart.protocol import Protocol
from blackstart.scenario import Scenario
from blackstart.source import (
    MAX_BYTES,
    MAX_DURATION,
    Duration,
    Flaw,
    Loaded,
    Model,
    cycles,
    did_you_mean,
    duplicates,
    format_duration,
    load,
    parse_duration,
    parse_loaded,
    parse_text,
    placeholder_flaws,
    read_text,
)

PLAN = """\
kind: plan
title: Smoke
drills:
  - scenario: vault/auth-503
"""


def told(error: pytest.ExceptionInfo[InputError]) -> list[str]:
    return [str(problem) for problem in error.value.problems]


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as error:
        read_text(path, "f")
    (one,) = told(error)
    return one


# --- durations ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("90s", 90.0),
        ("15m", 900.0),
        ("1h30m", 5400.0),
        ("2d", 172800.0),
        ("0.5s", 0.5),
        ("0s", 0.0),
        (0, 0.0),
    ],
)
def test_durations(written: object, seconds: float) -> None:
    assert parse_duration(written) == seconds


@pytest.mark.parametrize(
    "written",
    [
        "",
        "15",
        15,
        1.5,
        True,
        False,
        None,
        "15 m",
        "m",
        "-5m",
        "5M",
        "30m1h",
        "1m1m",
        "٣s",
        "1e3s",
        [],
        "367d",
        "5m\n",
    ],
)
def test_a_duration_without_a_unit_of_ours_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match=r"^a duration (needs a number and a unit|is at most 366 days)"):
        parse_duration(written)


@given(st.integers(0, int(MAX_DURATION * 1000)))
def test_a_formatted_duration_is_read_back(milliseconds: int) -> None:
    seconds = milliseconds / 1000
    assert parse_duration(format_duration(seconds)) == pytest.approx(seconds, abs=1e-9)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (5400, "1h30m"), (0.25, "0.25s"), (90061, "1d1h1m1s")]
)
def test_the_shortest_writing(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


# --- files --------------------------------------------------------------------------------------


def test_a_file_is_loaded_with_its_text_hash_and_places(tmp_path: Path) -> None:
    path = tmp_path / "smoke.yaml"
    path.write_text(PLAN)
    loaded = load(Plan, path, "smoke.yaml")
    assert loaded.model.drills[0].scenario == "vault/auth-503"
    assert loaded.sha256 == hashlib.sha256(PLAN.encode()).hexdigest()
    flaw = Flaw(("drills", 0, "scenario"), "odd", "saw x", "try y")
    assert loaded.problem(flaw) == Problem("smoke.yaml", 4, 15, "odd", "saw x", "try y")


def test_a_place_that_was_not_written_is_that_of_what_is_above_it() -> None:
    loaded = _loaded(PLAN)
    assert loaded.problem(Flaw(("drills", 0, "crew"), "odd")).line == 4
    assert loaded.problem(Flaw(("nowhere",), "odd")).line == 1


def _loaded(text: str) -> Loaded[Plan]:
    loaded, problems = parse_loaded(Plan, text, "f")
    assert problems == []
    assert loaded is not None
    return loaded


def test_no_such_file_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "auth-503.yaml").touch()
    assert refusal(tmp_path / "auth-53.yaml") == "f:0:0: no such file; did you mean auth-503.yaml?"
    assert refusal(tmp_path / "gone" / "x.yaml") == "f:0:0: no such file"


def test_a_folder_where_a_file_is_needed(tmp_path: Path) -> None:
    assert refusal(tmp_path) == "f:0:0: a folder where a file is needed; name a file in it"


def test_a_dangling_link(tmp_path: Path) -> None:
    link = tmp_path / "link.yaml"
    link.symlink_to("gone.yaml")
    assert refusal(link) == "f:0:0: a dangling link; it points to gone.yaml; mend or remove it"


def test_a_link_in_a_circle(tmp_path: Path) -> None:
    link = tmp_path / "link.yaml"
    link.symlink_to("link.yaml")
    assert "link" in refusal(link)


def test_a_link_to_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "real.yaml").write_text("x")
    (tmp_path / "link.yaml").symlink_to("real.yaml")
    assert read_text(tmp_path / "link.yaml") == "x"


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    assert refusal(tmp_path / "pipe.yaml") == "f:0:0: not a regular file; saw a pipe, a socket or a device"


def test_a_file_that_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.yaml"
    path.touch()

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)  # root may read everything, so the mode bits cannot show it
    assert refusal(path) == "f:0:0: cannot be read: Permission denied"


def test_a_name_that_no_file_can_have() -> None:
    assert refusal(Path("a\0b.yaml")).startswith("f:0:0: ")


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "big.yaml"
    path.write_bytes(b"#" * 10_000_000)
    assert (
        refusal(path) == "f:0:0: larger than 1,000,000 bytes; it has 10,000,000 bytes; is it the right file?"
    )
    path.write_bytes(b"#" * MAX_BYTES)
    assert len(read_text(path)) == MAX_BYTES


def test_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes("kind: plan\ntitle: é caf".encode() + b"\xe9\n")
    assert refusal(path) == "f:2:13: not UTF-8; saw the byte 0xE9; save it as UTF-8"


# --- models -------------------------------------------------------------------------------------


class Part(Model):
    id: str
    wait: Duration = 0.0
    pair: tuple[str, str] | None = None


class Whole(Model):
    sender: str = Field(alias="from")
    count: int = 1
    share: float = 0.5
    loud: bool = False
    parts: list[Part] = []


def messages(text: str) -> list[str]:
    with pytest.raises(InputError) as error:
        parse_text(Whole, text, "f")
    return told(error)


def test_a_model_is_read_by_the_names_of_the_file() -> None:
    whole = parse_text(Whole, "from: x\nshare: 1\nparts:\n- {id: a, wait: 5m, pair: [b, c]}", "f")
    assert whole.sender == "x"
    assert whole.parts == [Part(id="a", wait="5m", pair=("b", "c"))]  # type: ignore[arg-type]  # as written


def test_all_problems_come_at_once_in_the_order_of_the_file() -> None:
    text = "from: 12\ncuont: 2\ncount: two\nloud: yes\nparts:\n  - wait: 5 minutes\n    id: a\n  - wait: 10\n"
    assert messages(text) == [
        "f:1:7: from: text is needed; saw 12; write it in quotes",
        'f:2:1: unknown key "cuont"; did you mean count?',
        'f:3:8: count: a whole number is needed; saw "two"',
        'f:4:7: loud: true or false is needed; saw "yes"',
        "f:6:11: parts[0].wait: a duration needs a number and a unit, such as 90s, 15m or 1h30m; "
        'saw "5 minutes"; did you mean 5m?',
        "f:8:5: parts[1] has no id; add id:",
        "f:8:11: parts[1].wait: a duration needs a number and a unit, such as 90s, 15m or 1h30m; "
        "saw 10; did you mean 10s?",
    ]


def test_a_value_that_was_refused_by_the_parser_is_not_told_twice() -> None:
    assert messages("from: &a x\ncount: *a") == [
        "f:2:8: an alias is not accepted; saw *a; write the value out"
    ]


@pytest.mark.parametrize("text", ["[]", "word", "12", "~"])
def test_a_file_that_is_no_mapping(text: str) -> None:
    (one,) = messages(text)
    assert one.startswith("f:1:1: the file: a mapping is needed; saw ")


class Odd(Model):
    names: list[str]
    count: int = 0

    def flaws(self) -> Iterator[Flaw]:
        yield from duplicates("names", self.names, "name")
        yield Flaw(("count",), "always odd")


def test_flaws_are_told_beside_what_types_find() -> None:
    with pytest.raises(InputError) as error:
        parse_text(Odd, "names: [a, b, a]\nextra: 1", "f")
    assert told(error) == [
        "f:1:1: always odd",
        'f:1:15: duplicate name "a"; names[0] has it already; give each its own',
        'f:2:1: unknown key "extra"; one of count, names',
    ]


def test_a_flaw_that_may_follow_from_a_wrong_value_is_not_told() -> None:
    with pytest.raises(InputError) as error:
        parse_text(Odd, "names: 3\ncount: x", "f")
    assert told(error) == [
        "f:1:8: names: a list is needed; saw 3",
        'f:2:8: count: a whole number is needed; saw "x"',
    ]


@given(st.binary() | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_give_a_model_or_an_input_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(data)
    for model in (Plan, Scenario, Protocol):
        with pytest.raises(InputError):
            load(model, path)  # nothing that hypothesis writes here has the required keys


keys = st.sampled_from([*Scenario.model_fields, "from", "id", "when", "x"])
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["5m", "scenario", "page", "", "{a}", "#x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=5),
    max_leaves=25,
)


@given(st.dictionaries(keys, values))
def test_any_shape_gives_a_model_or_an_input_error(data: dict[str, object]) -> None:
    lines: list[int] = []
    try:
        lines.append(len(parse_text(Scenario, json.dumps(data), "f").kind))
    except InputError as error:
        lines += [problem.line for problem in error.problems]
    assert min(lines) >= 1


# --- helpers ------------------------------------------------------------------------------------


def test_hints_name_the_nearest_or_all() -> None:
    assert did_you_mean("valut", ["vault", "dns"]) == "did you mean vault?"
    assert did_you_mean("zzz", ["vault", "dns"]) == "one of dns, vault"
    assert did_you_mean("zzz", []) == ""


def test_circles() -> None:
    assert cycles({"a": ["b"], "b": ["c"], "c": []}) == []
    assert [sorted(set(circle)) for circle in cycles({"a": ["b"], "b": ["a"], "c": ["c"]})] == [
        ["a", "b"],
        ["c"],
    ]
    edges = {"a": "b", "b": "c", "c": "a"}
    (circle,) = cycles({name: [after] for name, after in edges.items()})
    assert all(edges[name] == after for name, after in pairwise(circle))


def test_a_circle_among_thousands_is_found_without_a_deep_stack() -> None:
    edges = {str(n): [str(n + 1)] for n in range(5000)} | {"5000": ["0"]}
    assert len(cycles(edges)[0]) == 5002


def test_placeholders_that_nobody_fills() -> None:
    flaws = list(placeholder_flaws(("form",), "{incident_id} {symptm} {{plain}}", {"incident_id", "symptom"}))
    assert [(flaw.what, flaw.hint) for flaw in flaws] == [("nobody fills {symptm}", "did you mean symptom?")]


@pytest.mark.parametrize("text", ["{", "}", "{a", "{a!}"])
def test_braces_that_are_no_form(text: str) -> None:
    (flaw,) = placeholder_flaws((), text, {"a"})
    assert flaw.what.startswith("not a form: ")

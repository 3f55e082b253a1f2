from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from blackstart.events import DrillOpened
from blackstart.render.inputs import Told, told

if TYPE_CHECKING:
    from tests.render.conftest import Drill


def test_the_story_what_it_blocks_and_who_owns_what_broke(book: Drill) -> None:
    known = told(book.events)
    assert (known.story, known.blocks, known.owners) == (
        "Vault seals itself.",
        ["ship"],
        ["platform-security"],
    )


def test_the_owner_of_what_broke_owns_its_runbook_and_no_rule(book: Drill) -> None:
    known = told(book.events)
    assert known.owner_of("scenarios/runbooks/vault-sealed.md:18") == "platform-security"
    assert known.owner_of("scenarios/protocols/playbook.yaml:12") == ""


@pytest.mark.parametrize("text", ["", "\t", "kind: other", "a: &a [*a]", "{" * 5000, "\ud800"])
def test_files_that_no_longer_parse_are_done_without(book: Drill, text: str) -> None:
    body = book.events[0].body
    assert isinstance(body, DrillOpened)
    bad = [{**one, "text": text} for one in body.inputs]
    known = told([replace(book.events[0], body=replace(body, inputs=bad)), *book.events[1:]])
    assert (known.story, known.owners) == ("", [])


def test_no_header_no_inputs() -> None:
    assert told([]) == Told()

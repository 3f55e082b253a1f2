"""The catalogue in words: every parameter has a meaning, and the page in docs/ is today's."""

from __future__ import annotations

from pathlib import Path

import pytest

from blackstart.faults.catalogue import names
from blackstart.faults.describe import Entry, catalogue, page

ENTRIES = catalogue()
DOCS = Path(__file__).parents[2] / "docs"


def test_every_installed_fault_is_told() -> None:
    assert [entry.name for entry in ENTRIES] == list(names())


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_every_parameter_says_what_it_means(entry: Entry) -> None:
    assert [parameter.name for parameter in entry.parameters if not parameter.about] == []
    assert set(entry.grows_by) <= {parameter.name for parameter in entry.parameters}


def test_the_page_is_current() -> None:
    message = "write it anew: python -m blackstart.faults.describe docs/faults.md"
    assert (DOCS / "faults.md").read_text("utf-8") == page(), message

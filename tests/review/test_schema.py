"""The published schema is that of the model, and fits every review."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema

from blackstart.review import to_bytes
from blackstart.review.schema import NAME, main, schema_of_review, schema_text

if TYPE_CHECKING:
    from tests.review.conftest import Stories

ROOT = Path(__file__).parents[2]


def test_the_published_schema_is_current() -> None:
    """When this fails: python -m blackstart.review.schema."""
    assert (ROOT / "docs" / "schema" / NAME).read_text() == schema_text()


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema_of_review())


def test_reviews_fit(stories: type[Stories]) -> None:
    for story in (stories.golden(), stories.broken(), stories.new().finish(600), stories.worked()):
        jsonschema.validate(json.loads(to_bytes(story.review())), schema_of_review())


def test_it_is_written_where_it_is_asked_for(tmp_path: Path) -> None:
    main(tmp_path)
    assert (tmp_path / NAME).read_text() == schema_text()

"""The JSON Schema of `review.json`: `python -m blackstart.review.schema` writes `docs/schema/review.schema.json`."""

from __future__ import annotations

import inspect
import json
import sys
from pathlib import Path
from typing import Any

from blackstart.review import model
from blackstart.review.model import REVIEW_SCHEMA, Review

__all__ = ["NAME", "main", "schema_of_review", "schema_text"]

NAME = "review.schema.json"
DRAFT = "https://json-schema.org/draft/2020-12/schema"


def schema_of_review() -> dict[str, Any]:
    """The schema, with what each part means. Later versions may add fields, so unknown ones are allowed."""
    from pydantic import TypeAdapter

    made = TypeAdapter(Review).json_schema(mode="serialization")
    parts = made.pop("$defs")
    for name, part in [("Review", made), *parts.items()]:
        _tidied(part)
        part["description"] = inspect.cleandoc(getattr(model, name).__doc__ or "")
        part["required"] = list(part["properties"])  # a review is always written whole
    made["properties"]["schema"] = {"const": REVIEW_SCHEMA}
    return {
        "$schema": DRAFT,
        "$id": NAME,
        "title": "blackstart review",
        **{key: value for key, value in made.items() if key != "title"},
        "$defs": dict(sorted(parts.items())),
    }


def _tidied(part: dict[str, Any]) -> None:
    """Without titles that only repeat names, and without defaults: nothing is ever left out."""
    for field in part.get("properties", {}).values():
        field.pop("title", None)
        field.pop("default", None)
    part.pop("title", None)


def schema_text() -> str:
    """The schema as its file has it."""
    return json.dumps(schema_of_review(), indent=2, ensure_ascii=False) + "\n"


def main(folder: Path) -> None:
    """Write it into a folder."""
    (folder / NAME).write_text(schema_text(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("docs/schema"))

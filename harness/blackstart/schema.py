"""JSON Schemas of what people write, for their editors: `python -m blackstart.schema` writes `docs/schema/`.

They say what `check` says of one file, short of the rules that a schema cannot hold.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from blackstart.source import DURATION_SCHEMA, Model, format_duration
from blackstart.workspace import KINDS

__all__ = ["main", "schema_of", "schema_text"]

DRAFT = "https://json-schema.org/draft/2020-12/schema"


class _Schema(GenerateJsonSchema):
    """Writes a field's default as a person would write it in the file, and no titles that only repeat names."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def default_schema(self, schema: Any) -> dict[str, Any]:
        made = super().default_schema(schema)
        default = made.get("default")
        if isinstance(default, float) and "anyOf" in made and DURATION_SCHEMA["anyOf"][0] in made["anyOf"]:
            made["default"] = format_duration(default)
        elif isinstance(default, dict):
            del made["default"]  # the parts have their own
        return made


def schema_of(kind: str) -> dict[str, Any]:
    """The schema of one kind of file."""
    model: type[Model] = KINDS[kind]
    schema = model.model_json_schema(by_alias=True, schema_generator=_Schema)
    return {"$schema": DRAFT, "$id": f"{kind}.schema.json", **schema, "title": f"blackstart {kind}"}


def schema_text(kind: str) -> str:
    """The schema as its file has it."""
    return json.dumps(schema_of(kind), indent=2, ensure_ascii=False) + "\n"


def main(folder: Path) -> None:
    """Write the schema of every kind into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind in KINDS:
        (folder / f"{kind}.schema.json").write_text(schema_text(kind), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("docs/schema"))

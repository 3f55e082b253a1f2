"""The published schemas are those of the models, and fit what is shipped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from blackstart.schema import main, schema_of, schema_text
from blackstart.workspace import KINDS
from blackstart.yamltree import parse

ROOT = Path(__file__).parents[1]
SHIPPED = sorted([*ROOT.glob("scenarios/**/*.yaml"), *ROOT.glob("drills/*.yaml")])


@pytest.mark.parametrize("kind", KINDS)
def test_the_published_schema_is_current(kind: str) -> None:
    """When this fails: python -m blackstart.schema."""
    assert (ROOT / f"docs/schema/{kind}.schema.json").read_text() == schema_text(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_one(kind: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema_of(kind))


def test_all_are_written(tmp_path: Path) -> None:
    main(tmp_path / "schema")
    assert {path.name for path in (tmp_path / "schema").iterdir()} == {
        f"{kind}.schema.json" for kind in KINDS
    }


def _tree(text: str) -> Any:
    node, problems = parse(text, "f")
    assert problems == []
    assert node is not None
    return node.value


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_file_fits_its_schema_and_names_it(path: Path) -> None:
    text = path.read_text()
    data = _tree(text)
    jsonschema.validate(data, schema_of(data["kind"]))
    first = text.splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=")
    schema = (path.parent / first.partition("=")[2]).resolve()
    assert schema == ROOT / f"docs/schema/{data['kind']}.schema.json"
    assert json.loads(schema.read_text()) == schema_of(data["kind"])


@pytest.mark.parametrize(
    "wrong", ["steady: 90", "steady: 5 minutes", "steady: ''", "stedy: 1m", "steady: {respond: 1m}"]
)
def test_a_schema_refuses_what_check_refuses(wrong: str) -> None:
    text = (ROOT / "scenarios/vault/auth-503.yaml").read_text().replace("steady: 1m", wrong)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(_tree(text), schema_of("scenario"))

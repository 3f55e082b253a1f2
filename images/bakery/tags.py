"""The tags to build: `.env` at the root of the repository, the same file that docker compose reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from bakery.errors import BakeError

__all__ = ["read_tags", "version_of"]


def read_tags(file: Path) -> Mapping[str, str]:
    """Each `*_IMAGE` variable with its tag."""
    try:
        text = file.read_text("utf-8")
    except OSError as error:
        raise BakeError(
            f"the image tags cannot be read: {error}", "run images/bake of a whole checkout"
        ) from error
    return dict(re.findall(r"^([A-Z]+_IMAGE)=(\S+)\s*$", text, flags=re.MULTILINE))


def version_of(tag: str) -> str:
    """The upstream version that a tag names: `prom/prometheus:v2.42.0` is 2.42.0, `redis:7.0.15-bookworm` 7.0.15."""
    found = re.search(r":v?(\d[0-9.]*)[^/:]*$", tag)
    if not found:
        raise BakeError(f"{tag} in .env pins no version", "write the tag as NAME:VERSION")
    return found.group(1)

"""How many containers a service of a compose file has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["copies"]


def copies(raw: Mapping[str, Any]) -> int:
    """Of a service as `docker compose config` gives it; 0 is a number too, and compose then starts none."""
    given = (raw.get("scale"), (raw.get("deploy") or {}).get("replicas"))
    return next((int(count) for count in given if count is not None), 1)

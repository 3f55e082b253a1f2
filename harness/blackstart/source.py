"""Where a value of a YAML file was written: the loader that keeps file, line and column.

Every file people write is read through here, once, into typed models; all problems come at once.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

__all__ = ["Duration", "Model", "parse_duration"]

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?[smhd])+")


class Model(BaseModel):
    """The base of everything a person writes in YAML: frozen, and unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def parse_duration(value: Any) -> float:
    """Seconds from `90s`, `15m`, `1h30m`, `2d`. A bare number has no unit and is refused, save 0."""
    if value == 0 and not isinstance(value, bool):
        return 0.0
    if not isinstance(value, str) or not _DURATION.fullmatch(value):
        raise ValueError("a duration needs a number and a unit, such as 90s, 15m or 1h30m")
    return sum(float(part[:-1]) * _UNITS[part[-1]] for part in re.findall(r"\d+(?:\.\d+)?[smhd]", value))


Duration = Annotated[float, BeforeValidator(parse_duration)]
"""Seconds in the program, `15m` in the file."""

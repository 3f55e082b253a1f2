"""How many containers a service has: as compose counts."""

from __future__ import annotations

from typing import Any

import pytest

from blackstart.replica.containers.copies import copies


@pytest.mark.parametrize(
    ("raw", "count"),
    [
        ({}, 1),
        ({"scale": 0}, 0),
        ({"scale": 3, "deploy": {"replicas": 3}}, 3),
        ({"deploy": {"replicas": 2}}, 2),
        ({"deploy": {"replicas": 0}}, 0),
        ({"deploy": {"replicas": None}}, 1),
        ({"scale": None, "deploy": None}, 1),
    ],
)
def test_copies(raw: dict[str, Any], count: int) -> None:
    assert copies(raw) == count

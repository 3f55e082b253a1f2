"""A docker of our own making for tests without one: what it is asked and what it answers is plain data."""

from __future__ import annotations

from typing import Any
from unittest.mock import MagicMock

import pytest

from blackstart.replica.containers.endpoint import DEFAULT, DEFAULT_HOST, Endpoint
from blackstart.replica.containers.engine import Engine


@pytest.fixture
def engine() -> Engine:
    """An engine whose client answers what a test puts in: `engine.client.api.containers.return_value = [...]`."""
    client: Any = MagicMock()
    return Engine(Endpoint(DEFAULT, DEFAULT_HOST), client)

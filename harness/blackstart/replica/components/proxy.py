"""The fault proxy (`blackstart.toxics`): every connection of the replica passes it. How it runs."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from blackstart.replica.cached import write_private
from blackstart.replica.components.workload import PACKAGES
from blackstart.replica.servers import Launch
from blackstart.toxics.client import Client
from blackstart.toxics.errors import ProxyRefused

if TYPE_CHECKING:
    from blackstart.replica.layout import Address

__all__ = ["client", "launch", "listening"]

LINKS = "links.json"


def launch(folder: Path, api: Address, links: Sequence[Mapping[str, str]], env: Mapping[str, str]) -> Launch:
    """Write the links into its folder: it has them all each time it starts, without any toxic."""
    write_private(folder / LINKS, json.dumps(links, indent=1))
    where = ["--host", api[0], "--port", str(api[1]), "--config", LINKS]
    argv = [sys.executable, "-s", "-S", "-P", "-m", "blackstart.toxics", *where]
    return Launch(argv, {**env, "PYTHONPATH": str(PACKAGES)}, folder)


def client(api: Address, timeout_s: float = 2.0) -> Client:
    return Client(*api, timeout=timeout_s)


def listening(api: Address) -> bool:
    """Whether it takes orders, and so has its links."""
    try:
        client(api).version()
    except (OSError, ProxyRefused):
        return False
    return True

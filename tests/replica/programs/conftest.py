"""A real registry for the tests of what it does and of what speaks to it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from blackstart.replica.components import registry
from blackstart.replica.layout import CANARY, HOST, TEAMS
from blackstart.replica.ports import free_ports
from blackstart.replica.programs.processes import LABEL
from blackstart.replica.programs.registry_store import RegistryStore
from blackstart.replica.servers import Server
from blackstart.replica.tools import ensure_tools
from blackstart.replica.waiting import wait_until

LIMIT_S = 30.0
ENV = {"PATH": os.defpath, "LANG": "C.UTF-8", LABEL: f"test-images-{os.getpid()}"}


@pytest.fixture(scope="package")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryStore]:
    """The folder of a running registry with the seeded images; whoever breaks it mends it."""
    ensure_tools(lambda *news: None)
    folder: Path = tmp_path_factory.mktemp("registry")
    (port,) = free_ports(1)
    readers = {name: f"password of {name}" for name in (*TEAMS, CANARY)}
    server = Server("registry", registry.launch(folder, port, readers, ENV), folder / "log")
    registry.copy_data(registry.seeded(ENV), folder)
    server.start()
    try:
        assert wait_until(lambda: registry.listening((HOST, port)), LIMIT_S)
        yield RegistryStore(folder)
    finally:
        server.kill()

"""Where a supervisor listens; what it does is in the tests of `components.workload`."""

from __future__ import annotations

import os
from pathlib import Path

from blackstart.replica.components import workload
from blackstart.replica.components.workload import Service
from blackstart.replica.ports import free_ports
from blackstart.replica.programs.processes import LABEL
from blackstart.replica.programs.startpath import Needs
from blackstart.replica.servers import Server
from blackstart.replica.waiting import wait_until

LIMIT_S = 30.0


def test_it_listens_where_its_settings_say(tmp_path: Path) -> None:
    """In a container that is every address; here, one by which nothing else would be reached."""
    port, control = free_ports(2)
    there = Service("payments", ("127.0.0.2", port), ("127.0.0.2", control), "token")
    elsewhere = Service("payments", ("127.0.0.1", port), ("127.0.0.1", control), "token")
    needs = Needs("payments", "platform.test", ("127.0.0.1", 1), "", "", source="")
    launch = workload.launch(tmp_path, there, needs, {LABEL: f"test-workload-{os.getpid()}"})
    server = Server("payments", launch, tmp_path / "log")
    server.start(more=(workload.WAIT,))
    try:
        assert wait_until(lambda: workload.reachable(there), LIMIT_S)
        assert not workload.reachable(elsewhere)
    finally:
        server.kill()

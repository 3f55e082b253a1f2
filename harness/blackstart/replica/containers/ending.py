"""Ending what runs of a drill, by its label; its containers, networks and volumes stay: it can be gone on with."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from blackstart.errors import ReplicaError
from blackstart.replica.containers.engine import DRILL
from blackstart.replica.containers.server import END_LIMIT_S
from blackstart.replica.waiting import wait_until

if TYPE_CHECKING:
    from blackstart.replica.containers.engine import Engine

__all__ = ["end_all"]


def end_all(engine: Engine, label: str) -> None:
    """Kill every container of it that runs. ReplicaError when one still does.

    Docker lists a container for a moment longer than it runs.
    """
    listed = partial(engine.containers, {DRILL: label}, all=False)
    for each in listed():
        with suppress(ReplicaError), engine.saying("ending a container"):  # it may be gone by now
            engine.client.api.kill(each["Id"])
    if not wait_until(lambda: not listed(), END_LIMIT_S):
        raise ReplicaError(f"{len(listed())} containers do not end", hint="run: blackstart recover")

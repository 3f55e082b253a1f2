"""A service of a team: its supervisor as a process of the replica, orders to it, and its probes."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from http.client import HTTPException
from pathlib import Path

from blackstart.replica.asking import ProbeBroken, Refused
from blackstart.replica.cached import write_private
from blackstart.replica.layout import CANARY, CLIENTS, PROBES, Address
from blackstart.replica.programs.httpclient import request
from blackstart.replica.programs.order import order
from blackstart.replica.programs.startpath import Needs
from blackstart.replica.servers import Launch

__all__ = [
    "PACKAGES",
    "SETTINGS",
    "WAIT",
    "Service",
    "check_serving",
    "check_ship",
    "deploy",
    "interpreter",
    "launch",
    "needs_of",
    "reachable",
    "serves",
    "write_settings",
]

DEPLOY_LIMIT_S = 10.0
CANARY_LIMIT_S = 1.8
CANARY_STEP_S = 0.8
"""The canary's deploy has less time than a team's: a probe must not outstay its own two seconds."""

_PROGRAMS = Path(__file__).parent.parent / "programs"
PACKAGES = Path(__file__).parents[3]
"""The folder that `blackstart` is in."""


@dataclass(frozen=True, slots=True)
class Service:
    """Where a team's service is: `address` is what people call, `control` takes orders that carry `token`."""

    name: str
    address: Address
    control: Address
    token: str


def interpreter(program: str, env: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """Command and environment to run one of our programs on the harness's own Python.

    -S leaves site-packages out, of which it uses nothing; that halves its start.
    """
    return [sys.executable, "-s", "-S", str(_PROGRAMS / program)], {**env, "PYTHONPATH": str(PACKAGES)}


WAIT = "--wait"
"""What a supervisor is told that shall start nothing before its first order."""


SETTINGS = "workload.json"


def launch(folder: Path, service: Service, needs: Needs, env: Mapping[str, str]) -> Launch:
    """Write a supervisor's settings into its folder. Its service comes up by itself, unless it is told to wait."""
    write_settings(folder, service, needs)
    argv, whole = interpreter("workload.py", env)
    return Launch([*argv, SETTINGS], whole, folder)


def write_settings(folder: Path, service: Service, needs: Needs) -> None:
    """What its supervisor must know, for its owner alone: where it listens, what it needs, whose orders it takes."""
    keep = service.name != CANARY
    settings = {
        "needs": asdict(needs),
        "host": service.address[0],
        "port": service.address[1],
        "control": service.control[1],
        "token": service.token,
        "keep": keep,
        "deadline_s": DEPLOY_LIMIT_S if keep else CANARY_LIMIT_S,
    }
    write_private(folder / SETTINGS, json.dumps(settings))


def reachable(service: Service) -> bool:
    """Whether the supervisor takes orders."""
    try:
        return any(
            line.get("done") for line in order(service.control, service.token, "status", timeout_s=2.0)
        )
    except OSError:
        return False


def deploy(service: Service, timeout_s: float = DEPLOY_LIMIT_S) -> None:
    """Bring up a new version. Refused says which step failed and why; OSError when nobody takes the order."""
    heard, failed = False, "the supervisor ended"
    for line in order(service.control, service.token, "deploy", timeout_s=timeout_s, source=PROBES):
        heard = True
        if line.get("done") and line["ok"]:
            return
        if not line["ok"] and "step" in line:
            failed = f"{line['step']}: {line['detail']}"
    if not heard:
        raise ConnectionAbortedError("the supervisor ended")
    raise Refused(failed)


def check_ship(canary: Service, timeout_s: float) -> None:
    """Deploy the canary, end to end; its supervisor takes it away again."""
    try:
        deploy(canary, timeout_s)
    except ConnectionError as error:
        raise ProbeBroken("the canary's own supervisor is gone") from error


def check_serving(service: Service, timeout_s: float) -> None:
    """Ask a running service for its health and its page."""
    health = request(service.address, "GET", "/healthz", timeout_s=timeout_s, source=PROBES)
    if not health.ok:
        raise Refused(health.complaint())
    page = request(service.address, "GET", "/", timeout_s=timeout_s, source=PROBES).json()
    if not page or not page.get("holds_secret"):
        raise Refused("it serves without its secret")


def serves(service: Service) -> bool:
    """Whether a service answers, and holds its secret."""
    try:
        check_serving(service, timeout_s=2.0)
    except (Refused, OSError, HTTPException):
        return False
    return True


def needs_of(name: str, zone: str, resolver: Address, credentials: tuple[str, str]) -> Needs:
    """What a service is told when it starts."""
    step_s = CANARY_STEP_S if name == CANARY else 2.0
    return Needs(name, zone, resolver, *credentials, source=CLIENTS[name], step_timeout_s=step_s)

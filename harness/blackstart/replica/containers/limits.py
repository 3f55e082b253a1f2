"""What a container may use at most of processors and memory: told, and changed while it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from blackstart.replica.containers.engine import Engine
    from blackstart.replica.containers.found import Container

__all__ = ["Limits", "of", "put"]

_NANO = 1_000_000_000
_PERIOD = 100_000


@dataclass(frozen=True, slots=True)
class Limits:
    """Processors (0.5 is half of one) and bytes of memory; None: as much as there is."""

    cpus: float | None
    memory: int | None


def of(engine: Engine, container: Container) -> Limits:
    """As much as the machine has is no limit: docker writes that down where a limit was taken off."""
    host = container.data["HostConfig"]
    nano, quota = int(host.get("NanoCpus") or 0), int(host.get("CpuQuota") or 0)
    cpus = nano / _NANO if nano > 0 else quota / int(host.get("CpuPeriod") or _PERIOD) if quota > 0 else None
    memory = int(host.get("Memory") or 0)
    limited = 0 < memory and memory < int(engine.client.info()["MemTotal"])
    return Limits(cpus, memory if limited else None)


def put(engine: Engine, container: Container, limits: Limits) -> None:
    """The SDK's own call knows nothing of `NanoCpus`, in which compose's `cpus` stand."""
    from docker.errors import create_api_error_from_http_exception
    from requests.exceptions import HTTPError

    wanted = {**_cpus(engine, container, limits.cpus), **_memory(engine, container, limits.memory)}
    api = engine.client.api
    answer = api.post(f"{api.base_url}/v{api.api_version}/containers/{container.id}/update", json=wanted)
    try:
        answer.raise_for_status()
    except HTTPError as error:
        create_api_error_from_http_exception(error)  # it raises


def _cpus(engine: Engine, container: Container, cpus: float | None) -> dict[str, Any]:
    """A container that was made with `cpus` keeps them in another field than one that was made without."""
    if int(container.data["HostConfig"].get("NanoCpus") or 0) > 0:
        return {"NanoCpus": round((cpus or float(engine.client.info()["NCPU"])) * _NANO)}
    return {"CpuPeriod": _PERIOD, "CpuQuota": -1 if cpus is None else max(1_000, round(cpus * _PERIOD))}


def _memory(engine: Engine, container: Container, memory: int | None) -> dict[str, Any]:
    """No more swap than memory: what is over is killed, not slow. Docker cannot take a limit off once there is one (0
    means "as it is" to it): then it is all the memory of the machine."""
    if memory is None and of(engine, container).memory is None:
        return {}
    limit = int(engine.client.info()["MemTotal"]) if memory is None else memory
    return {"Memory": limit, "MemorySwap": limit}

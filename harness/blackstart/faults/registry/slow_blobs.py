"""Layers come slowly: manifests are there at once, and the blobs behind them are not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field, model_validator

from blackstart.faults.registry.answering import BLOBS, AnsweringFault
from blackstart.faults.registry.asking import blob_probe
from blackstart.source import Duration

if TYPE_CHECKING:
    from blackstart.replica.base import Probe, Replica

__all__ = ["RegistrySlowBlobs"]


class RegistrySlowBlobs(AnsweringFault):
    """Hold back each request for a blob before the registry gets it, as an object store that is slow."""

    name: ClassVar[str] = "registry.slow-blobs"
    summary: ClassVar[str] = "the registry's blobs come late, its manifests in time"
    turns_red: ClassVar[str] = "{target}-blobs"
    seen: ClassVar[str] = "deploys hang while they pull, then time out; manifests come at once"
    holds: ClassVar[tuple[str, ...]] = ("{target}/answers/blobs",)
    grows_by: ClassVar[tuple[str, ...]] = ("delay",)

    delay: Duration = Field(default=3.0, gt=0, le=600, description="how much later each blob comes")
    limit: Duration = Field(
        default=0.5, gt=0, lt=2, description="the probe is red when a blob takes longer than this"
    )

    @model_validator(mode="after")
    def _seen(self) -> RegistrySlowBlobs:
        if self.limit >= self.delay:
            raise ValueError("the limit must be shorter than the delay, or no probe would see it")
        return self

    def answers(self) -> dict[str, dict[str, Any]]:
        delay = max(1, round(self.delay * 1000))
        return {"blobs": {"method": "GET", "path": BLOBS, "delay": delay, "forward": True}}

    def probe(self, replica: Replica, target: str) -> Probe:
        return blob_probe(replica, target, self.limit)

"""The registry limits how often one may pull, and the limit is reached."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from blackstart.faults.registry.answering import MANIFESTS, AnsweringFault, refusal

__all__ = ["RegistryRateLimited"]


class RegistryRateLimited(AnsweringFault):
    """Answer requests for manifests with 429 and Retry-After, as public registries do."""

    name: ClassVar[str] = "registry.rate-limited"
    summary: ClassVar[str] = (
        "the registry's pull limit is reached: manifests are answered 429 with Retry-After"
    )
    seen: ClassVar[str] = "deploys fail while they pull: 429 the pull rate limit is reached, with Retry-After"
    holds: ClassVar[tuple[str, ...]] = ("{target}/answers/manifests",)

    retry_after: int = Field(default=60, ge=1, le=86400, description="seconds in the Retry-After header")

    def answers(self) -> dict[str, dict[str, Any]]:
        words = "the pull rate limit is reached"
        answer = refusal(429, "TOOMANYREQUESTS", words, **{"Retry-After": str(self.retry_after)})
        return {"manifests": {**answer, "method": "GET", "path": MANIFESTS}}

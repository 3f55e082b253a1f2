"""The token realm is dead: the registry is fine, and nobody is let in."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from blackstart.faults.registry.answering import TOKENS, AnsweringFault

__all__ = ["RegistryRealmDown"]


class RegistryRealmDown(AnsweringFault):
    """Answer every request for a token with an error, as a gateway whose upstream is gone."""

    name: ClassVar[str] = "registry.realm-down"
    summary: ClassVar[str] = "the registry's token realm is dead: nobody gets a token to pull or push with"
    seen: ClassVar[str] = (
        "deploys fail at their pull token with 502 or 503; the registry itself answers 401 as ever"
    )
    holds: ClassVar[tuple[str, ...]] = ("{target}/answers/token",)

    status: Literal[500, 502, 503, 504] = Field(
        default=503, description="what is answered instead of a token"
    )

    def answers(self) -> dict[str, dict[str, Any]]:
        return {"token": {"status": self.status, "path": TOKENS}}

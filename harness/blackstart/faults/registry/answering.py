"""Faults in what the registry's clients are answered: the fault proxy in front of it speaks in its stead.

As in production, where a gateway before the registry limits rates, keeps it read-only or lets it through slowly.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from blackstart.faults.network.toxic import Toxic, ToxicFault

__all__ = ["BLOBS", "MANIFESTS", "TOKENS", "AnsweringFault", "refusal"]

TOKENS = r"/auth/token(\?.*)?"
MANIFESTS = r"/v2/.+/manifests/[^/]+"
BLOBS = r"/v2/.+/blobs/sha256:[0-9a-f]+"


class AnsweringFault(ToxicFault):
    """Answers some of the registry's requests in its stead, or holds them back."""

    kinds: ClassVar[tuple[str, ...]] = ("registry",)
    ours_only: ClassVar[bool] = True
    fix: ClassVar[str] = "take the rule out of the gateway: network restore registry"
    holds: ClassVar[tuple[str, ...]] = ("{target}/answers",)

    @abstractmethod
    def answers(self) -> Mapping[str, Mapping[str, Any]]:
        """The attributes of each `http_status` toxic, by a word that tells them apart in their names."""

    def toxics(self, protocol: str) -> Sequence[Toxic]:
        if protocol != "http":
            return []
        return [Toxic("http_status", "downstream", each, label) for label, each in self.answers().items()]


def refusal(status: int, code: str, message: str, **headers: str) -> dict[str, Any]:
    """An answer with an error in the form of the OCI distribution specification."""
    body = json.dumps({"errors": [{"code": code, "message": message}]})
    return {"status": status, "headers": {"Content-Type": "application/json", **headers}, "body": body}

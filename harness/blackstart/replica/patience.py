"""How long a replica may take to come up, for whoever promises the watchdog to be back."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

__all__ = ["Patient", "patience"]


@runtime_checkable
class Patient(Protocol):
    """A replica whose servers may take long: a platform of the user's own takes what it takes."""

    @property
    def up_within_s(self) -> float:
        """Real seconds for all of it to come up, and for one component to come back."""
        ...


def patience(replica: object) -> float:
    """What it may take longer than another does, in real seconds."""
    return replica.up_within_s if isinstance(replica, Patient) else 0.0

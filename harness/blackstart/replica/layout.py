"""What the platform in miniature consists of: its zone, its service teams, and what they are called."""

from __future__ import annotations

__all__ = ["CANARY", "COMPONENTS", "HOST", "PROBE_ROLE", "TEAMS", "ZONE", "Address", "endpoint"]

Address = tuple[str, int]

HOST = "127.0.0.1"
"""Everything listens here and nowhere else."""

ZONE = "platform.test"
"""RFC 6761 keeps `.test` for this: no name of it exists outside."""

TEAMS = ("payments", "orders", "search")

COMPONENTS = ("vault", "dns", "resolver", "registry", *TEAMS)

CANARY = "canary"
"""The app that the `ship` probe deploys and takes away again. No component: no fault is aimed at it."""

PROBE_ROLE = "probe"
"""The AppRole that the login probes use."""


def endpoint(address: Address) -> str:
    return f"{address[0]}:{address[1]}"

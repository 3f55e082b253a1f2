"""What the platform in miniature consists of: its zone, its service teams, and what they are called."""

from __future__ import annotations

__all__ = [
    "CANARY",
    "CLIENTS",
    "COMPONENTS",
    "HOST",
    "PROBES",
    "PROBE_ROLE",
    "PROXY",
    "TEAMS",
    "ZONE",
    "Address",
    "endpoint",
]

Address = tuple[str, int]

HOST = "127.0.0.1"
"""Everything listens here and nowhere else."""

ZONE = "platform.test"
"""RFC 6761 keeps `.test` for this: no name of it exists outside."""

TEAMS = ("payments", "orders", "search")

COMPONENTS = ("vault", "dns", "resolver", "registry", *TEAMS)

CANARY = "canary"
"""The app that the `ship` probe deploys and takes away again. No component: no fault is aimed at it."""

PROXY = "proxy"
"""The fault proxy, which every connection passes. No component either; but nothing goes without it."""

CLIENTS = {
    "people": HOST,
    "probes": "127.0.1.1",
    "resolver": "127.0.1.2",
    "payments": "127.0.1.11",
    "orders": "127.0.1.12",
    "search": "127.0.1.13",
    CANARY: "127.0.1.14",
}
"""The address that each client calls from: so a fault of the network can be one client's alone."""

PROBES = CLIENTS["probes"]

PROBE_ROLE = "probe"
"""The AppRole that the login probes use."""


def endpoint(address: Address) -> str:
    return f"{address[0]}:{address[1]}"

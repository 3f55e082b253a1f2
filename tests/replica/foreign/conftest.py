"""A compose file of a shop, as `docker compose config --format json` gives it."""

from __future__ import annotations

from typing import Any

import pytest

NETWORKS: dict[str, Any] = {"default": {"name": "shop_default", "ipam": {}}}


def shop(**services: Any) -> dict[str, Any]:
    """The shop with these services in place of, or beside, its own; None takes one away."""
    whole: dict[str, Any] = {
        "web": {
            "image": "nginx:1.22.1",
            "labels": {"blackstart.component": "web", "blackstart.probe.web": "http / 200"},
            "depends_on": {"api": {"condition": "service_healthy", "required": True}},
            "networks": {"default": None},
            "ports": [{"mode": "ingress", "target": 80, "published": "8080", "protocol": "tcp"}],
        },
        "api": {
            "image": "shop/api",
            "labels": {"blackstart.component": "api"},
            "depends_on": {"db": {"condition": "service_healthy", "required": True}},
            "expose": ["8000"],
            "networks": {"default": None},
        },
        "db": {
            "image": "postgres:15",
            "container_name": "shop-db",
            "environment": {"POSTGRES_PASSWORD": "secret", "EMPTY": None},
            "labels": {"blackstart.component": "db", "blackstart.kind": "postgres"},
            "networks": {"default": None},
            "volumes": [{"type": "volume", "source": "data", "target": "/var/lib/postgresql/data"}],
        },
        "mailer": {"image": "mailer", "networks": {"default": None}},
    }
    made = {name: raw for name, raw in (whole | services).items() if raw is not None}
    return {
        "name": "shop",
        "services": made,
        "networks": NETWORKS,
        "volumes": {"data": {"name": "shop_data"}},
    }


def image_ports(image: str) -> list[str] | None:
    known = {
        "nginx:1.22.1": ["80/tcp"],
        "postgres:15": ["5432/tcp"],
        "dns": ["53/udp", "53/tcp"],
        "absent": None,
    }
    return known.get(image, [])


@pytest.fixture
def config() -> dict[str, Any]:
    return shop()

"""The ports of one service: which are known, and where the user has them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.replica.foreign.conftest import image_ports

from blackstart.replica.foreign.listening import Published, known_ports, published_ports

UDP = {"target": 53, "protocol": "udp", "published": "53"}


@pytest.mark.parametrize(
    ("raw", "label", "ports"),
    [
        ({"image": "postgres:15", "expose": ["9"]}, "1 2,3", (1, 2, 3)),
        ({"image": "postgres:15", "expose": ["9", "10/udp", "11-12"]}, "", (9, 5432)),
        ({"image": "dns", "ports": [UDP]}, "", (53,)),
        ({"image": "none"}, "", ()),
        ({"image": "absent"}, "", ()),
        ({"build": {"context": "."}, "expose": ["80"]}, "", (80,)),
    ],
)
def test_where_ports_are_known_from(raw: dict[str, Any], label: str, ports: tuple[int, ...]) -> None:
    labels = {"blackstart.ports": label} if label else {}
    assert known_ports("it", raw, labels, tuple(published_ports(raw)), image_ports) == (ports, [])


@pytest.mark.parametrize("label", ["x", "", "0", "65536", "80-81"])
def test_a_label_that_is_no_ports(label: str) -> None:
    _, (wrong,) = known_ports("it", {}, {"blackstart.ports": label}, (), image_ports)
    assert wrong.startswith(f"it has the label blackstart.ports: {label!r}")


def test_where_the_user_has_them() -> None:
    raw = {"ports": [UDP, {"target": 80, "host_ip": "127.0.0.1"}]}
    assert list(published_ports(raw)) == [
        Published(53, "udp", "0.0.0.0:53"),
        Published(80, "tcp", "127.0.0.1, any port"),
    ]

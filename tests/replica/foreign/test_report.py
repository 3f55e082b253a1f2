"""What doctor says of a compose file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.replica.foreign.conftest import image_ports, shop

from blackstart.replica.foreign.judge import judge
from blackstart.replica.foreign.report import Report, lines, report_of


def report(**services: Any) -> Report:
    config = shop(**services)
    return report_of(Path("shop.yml"), config, judge(config, image_ports))


def test_a_sound_file() -> None:
    sound = report()
    assert sound.ok
    assert list(lines(sound)) == [
        "service  component    kind      ports  faults",
        "web      web          web       80     network, process, container",
        "api      api          api       8000   network, process, container",
        "db       db           postgres  5432   network, process, container",
        "mailer   not drilled",
        "every other published port passes the proxy; in a drill each is on 127.0.0.1, on a free number",
    ]
    assert "blackstart-db-proxy" in sound.override


def test_what_is_missing_bypasses_or_is_to_be_known_is_said() -> None:
    udp = [{"target": 53, "protocol": "udp", "published": "5353"}]
    labels = {"blackstart.component": "names"}
    names = {"image": "dns", "ports": udp, "privileged": True, "labels": labels}
    alone = {"image": "x", "labels": {"blackstart.component": "alone"}}
    said = list(lines(report(names=names, alone=alone)))
    assert "names: its published port 0.0.0.0:5353 to 53/udp bypasses the proxy" in said
    assert "names: it is privileged: what it does to this machine, no drill undoes" in said
    assert any(line.startswith("alone: its ports are not known") for line in said)


def test_the_port_of_a_service_that_is_not_drilled_is_not_said_to_pass() -> None:
    ports = [{"target": 25, "protocol": "tcp", "published": "2525"}]
    said = list(lines(report(mailer={"image": "mailer", "ports": ports})))
    assert said[-2] == (
        "mailer: its published port 0.0.0.0:2525 to 25/tcp bypasses the proxy: "
        "it is no component, so nothing of it is drilled"
    )


def test_where_nothing_is_published_nothing_is_said_of_it() -> None:
    said = list(lines(report(web=None)))
    assert not any("published" in line for line in said)


def test_a_file_that_is_refused() -> None:
    refused = report(mailer={"image": "x", "network_mode": "host"})
    assert not refused.ok
    assert refused.override == ""
    assert list(lines(refused))[-1].startswith("refused: mailer has network_mode: host")


def test_as_json() -> None:
    data = report().to_json()
    assert data["ok"] is True
    assert data["services"][2]["component"] == "db"


@pytest.mark.parametrize("taken", ["web", "api", "db"])
def test_one_component_is_enough(taken: str) -> None:
    others: dict[str, Any] = dict.fromkeys({"web", "api", "db"} - {taken})
    assert report(**others).ok

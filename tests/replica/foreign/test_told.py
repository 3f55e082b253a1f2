"""What doctor says of a compose file."""

from __future__ import annotations

from typing import Any

import pytest
from tests.replica.foreign.test_report import report

from blackstart.replica.foreign.told import lines


def said(**services: Any) -> list[str]:
    return list(lines(report(**services)))


def test_a_sound_file() -> None:
    assert said() == [
        "service  component    kind      ports  faults",
        "web      web          web       80     2 of 4",
        "api      api          api       8000   2 of 4",
        "db       db           postgres  5432   2 of 4",
        "mailer   not drilled",
        "",
        "web can be broken by network.down, process.kill",
        "web, not by container.disk-full: it has no volume",
        "web, never by network.loss (--json says why)",
        "",
        "api can be broken by network.down, process.kill",
        "api, not by container.disk-full: it has no volume",
        "api, never by network.loss (--json says why)",
        "",
        "db can be broken by network.down, process.kill",
        "db, not by container.disk-full: it has no volume",
        "db, never by network.loss (--json says why)",
        "",
        "every other published port passes the proxy; in a drill each is on 127.0.0.1, on a free number",
    ]


@pytest.mark.parametrize("width", [80, 200])
def test_in_a_terminal_no_line_is_wider(width: int) -> None:
    shown = list(lines(report(), width))
    assert all(len(line) <= width for line in shown)
    assert " ".join(" ".join(shown).split()) == " ".join(" ".join(said()).split())


def test_names_are_whole_in_the_narrowest() -> None:
    shown = list(lines(report(), 1))
    assert any("container.disk-full" in line for line in shown)


def test_what_is_missing_bypasses_or_is_to_be_known_is_said() -> None:
    udp = [{"target": 53, "protocol": "udp", "published": "5353"}]
    labels = {"blackstart.component": "names"}
    names = {"image": "dns", "ports": udp, "privileged": True, "labels": labels}
    alone = {"image": "x", "labels": {"blackstart.component": "alone"}}
    shown = said(names=names, alone=alone)
    assert "names: its published port 0.0.0.0:5353 to 53/udp bypasses the proxy" in shown
    assert "names: it is privileged: what it does to this machine, no drill undoes" in shown
    assert any(line.startswith("alone: its ports are not known") for line in shown)


def test_the_port_of_a_service_that_is_not_drilled_is_not_said_to_pass() -> None:
    ports = [{"target": 25, "protocol": "tcp", "published": "2525"}]
    assert (
        "mailer: its published port 0.0.0.0:2525 to 25/tcp bypasses the proxy: "
        "it is no component, so nothing of it is drilled"
    ) in said(mailer={"image": "mailer", "ports": ports})


def test_where_nothing_is_published_nothing_is_said_of_it() -> None:
    assert not any("published" in line for line in said(web=None))


def test_a_file_that_is_refused() -> None:
    assert said(mailer={"image": "x", "network_mode": "host"})[-1].startswith(
        "refused: mailer has network_mode: host"
    )

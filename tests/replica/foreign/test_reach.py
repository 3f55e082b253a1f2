"""What of a compose file would reach beyond the drill: refused where it is real, warned of where it is lasting."""

from __future__ import annotations

from typing import Any

import pytest

from blackstart.replica.foreign.reach import BRIDGE, file_refusals, service_refusals, warnings


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"network_mode": "host"}, "it has network_mode: host"),
        ({"network_mode": "container:x"}, "it has network_mode: container:x"),
        ({"network_mode": "bridge"}, "it has network_mode: bridge: containers that are no part of this file"),
        ({"network_mode": "prod_default"}, "it has network_mode: prod_default"),
        ({"pid": "container:x"}, "it has pid: container:x"),
        ({"ipc": "container:x"}, "it has ipc: container:x"),
        ({"volumes_from": ["db", "container:x:ro"]}, "it has volumes_from: container:x:ro"),
        ({"external_links": ["x"]}, "it has external_links"),
        ({"provider": {"type": "cloud"}}, "it has provider: cloud"),
    ],
)
def test_what_is_no_part_of_the_file_is_refused(raw: dict[str, Any], says: str) -> None:
    (refusal,) = service_refusals("it", raw)
    assert says in refusal


@pytest.mark.parametrize(
    "raw",
    [
        {"volumes_from": ["db", "db:ro"]},
        {"pid": "service:db", "ipc": "service:db", "network_mode": "service:db"},
        {"ipc": "shareable", "pid": ""},
    ],
)
def test_what_is_of_another_service_of_the_file_is_fine(raw: dict[str, Any]) -> None:
    assert [*service_refusals("it", raw), *warnings(raw)] == []


@pytest.mark.parametrize("driver", ["macvlan", "ipvlan", "overlay", "host", "weave"])
def test_a_network_that_reaches_beyond_this_machines_docker_is_refused(driver: str) -> None:
    (refusal,) = file_refusals({"networks": {"lan": {"driver": driver}, "own": {"driver": "bridge"}}})
    assert refusal.startswith(f"the network lan has driver: {driver}")


def test_a_network_that_names_a_bridge_of_this_machine_is_refused() -> None:
    named = {
        "lan": {"driver_opts": {BRIDGE: "br0"}},
        "own": {"driver_opts": {"com.docker.network.driver.mtu": 9000}},
    }
    (refusal,) = file_refusals({"networks": named})
    assert refusal.startswith(
        f"the network lan names the bridge of this machine that it is on ({BRIDGE}: br0)"
    )


@pytest.mark.parametrize("section", ["networks", "volumes"])
def test_what_is_external_is_refused(section: str) -> None:
    (refusal,) = file_refusals({section: {"theirs": {"external": True, "name": "prod"}, "ours": None}})
    assert refusal.startswith(f"the {section[:-1]} theirs is external (prod)")


@pytest.mark.parametrize(
    ("volume", "seen"),
    [
        (
            {"driver_opts": {"type": "none", "o": "bind", "device": "/srv"}},
            "type: none, o: bind, device: /srv",
        ),
        ({"driver": "local", "driver_opts": {"type": "nfs", "o": "addr=x", "device": ":/x"}}, "type: nfs"),
        ({"driver_opts": {"type": "cifs", "device": "//server/share"}}, "device: //server/share"),
        ({"driver_opts": {"type": "ext4", "device": "/dev/sdb1"}}, "device: /dev/sdb1"),
        ({"driver_opts": {"type": "tmpfs", "o": "rw,bind", "device": "/srv"}}, "o: rw,bind"),
        ({"driver_opts": {"type": "tmpfs", "o": "rbind", "device": "/srv"}}, "o: rbind"),
        ({"driver": "rexray/ebs"}, "driver: rexray/ebs"),
    ],
)
def test_a_volume_that_is_kept_elsewhere_is_refused(volume: dict[str, Any], seen: str) -> None:
    (refusal,) = file_refusals({"volumes": {"data": volume}})
    assert refusal.startswith("the volume data is kept elsewhere (")
    assert seen in refusal
    assert "without driver and driver_opts" in refusal


@pytest.mark.parametrize(
    "volume",
    [
        None,
        {"name": "shop_data"},
        {"driver": "local"},
        {"driver_opts": {"type": "tmpfs", "o": "size=10m,uid=1000", "device": "tmpfs"}},
    ],
)
def test_a_volume_of_the_drill_s_own_is_fine(volume: Any) -> None:
    assert list(file_refusals({"volumes": {"data": volume}})) == []


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"privileged": True}, "it is privileged"),
        ({"pid": "host"}, "it has pid: host"),
        ({"ipc": "host"}, "it has ipc: host"),
        ({"uts": "host"}, "it has uts: host"),
        ({"userns_mode": "host"}, "it has userns_mode: host"),
        ({"cgroup": "host"}, "it has cgroup: host"),
        ({"use_api_socket": True}, "docker's socket"),
        ({"volumes": [{"type": "bind", "source": "/run", "read_only": True}]}, "docker's socket"),
        (
            {"volumes": [{"type": "bind", "source": "/var/run/docker.sock", "read_only": True}]},
            "docker's socket",
        ),
        ({"volumes": [{"type": "bind", "source": "/srv"}]}, "it may write to /srv, a folder of yours"),
    ],
)
def test_what_a_drill_does_not_undo_is_warned_of(more: dict[str, Any], says: str) -> None:
    (warning,) = warnings(more)
    assert says in warning


def test_a_folder_that_is_only_read_is_fine() -> None:
    read = {"type": "bind", "source": "/srv", "read_only": True}
    assert list(warnings({"volumes": [read]})) == []

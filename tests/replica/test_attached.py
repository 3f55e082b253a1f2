"""The same replica in other hands: another object, another process, after its servers were ended."""

from __future__ import annotations

import json
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blackstart import watchdog
from blackstart.errors import ReplicaError
from blackstart.replica.layout import COMPONENTS
from blackstart.replica.local import LocalReplica
from blackstart.replica.programs import processes
from blackstart.replica.waiting import wait_until

from .conftest import LIMIT_S, red_at_last

if TYPE_CHECKING:
    from blackstart.replica.base import Component

pytestmark = pytest.mark.replica


def folder(replica: LocalReplica) -> Path:
    return replica.log("vault").parent.parent


def all_green(replica: LocalReplica) -> bool:
    return red_at_last(replica, {}) == {}


def quiet(what: str, done: int, total: int) -> None:
    """A progress callback for those who do not look."""


# --- while it runs --------------------------------------------------------------------------------


@pytest.fixture
def other(replica: LocalReplica) -> LocalReplica:
    return LocalReplica.attach(folder(replica), replica.label)


def test_it_is_the_same_replica(replica: LocalReplica, other: LocalReplica) -> None:
    assert other.components() == replica.components()
    assert all(other.running(name) for name in COMPONENTS)
    assert [probe.name for probe in other.probes()] == [probe.name for probe in replica.probes()]
    assert all_green(other)
    assert other.shell("sme-1") == replica.shell("sme-1")
    assert (other.keyring(), other.data("dns")) == (replica.keyring(), replica.data("dns"))
    assert other.proxy.proxies() == replica.proxy.proxies()
    assert other.exec("vault", ["bao", "token", "lookup"]).exit_code == 0


def test_what_one_ends_the_other_starts(replica: LocalReplica, other: LocalReplica) -> None:
    other.kill("vault")
    assert not replica.running("vault")
    assert replica.exited() == other.exited() == {}
    replica.start("vault")
    assert other.running("vault")
    other.pause("registry")
    replica.resume("registry")
    other.restart("payments")
    assert all_green(replica)


def test_another_process_heals_and_leaves_what_it_started(replica: LocalReplica) -> None:
    replica.kill("dns")
    code = (
        "import sys; from pathlib import Path; from blackstart.replica.local import LocalReplica\n"
        "LocalReplica.attach(Path(sys.argv[1]), sys.argv[2]).start('dns')"
    )
    subprocess.run([sys.executable, "-c", code, str(folder(replica)), replica.label], check=True)
    assert replica.running("dns")
    assert all_green(replica)
    replica.stop("dns")
    assert not replica.running("dns")
    replica.start("dns")


def test_a_folder_of_nobody_or_of_another_label(replica: LocalReplica, tmp_path: Path) -> None:
    with pytest.raises(ReplicaError, match=r"site\.json cannot be read: .*No such file"):
        LocalReplica.attach(tmp_path, replica.label)
    with pytest.raises(ReplicaError, match=r"is of the replica '.*', not of 'another'"):
        LocalReplica.attach(folder(replica), "another")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"label": "x", "participants": 1}'])
def test_a_damaged_file_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "site.json").write_text(text)
    with pytest.raises(ReplicaError, match=r"site\.json cannot be read: "):
        LocalReplica.attach(tmp_path, "x")


def test_what_is_on_disk_is_private(replica: LocalReplica) -> None:
    site = folder(replica) / "site.json"
    assert stat.S_IMODE(site.stat().st_mode) == 0o600
    assert set(json.loads(site.read_text())["tokens"]) == {"ic-1", "sme-1", "harness"}


# --- after its servers were ended -----------------------------------------------------------------


@pytest.fixture
def killed(tmp_path: Path, label: str) -> Iterator[tuple[LocalReplica, dict[str, Component]]]:
    """A replica whose processes were all killed by their label, as the watchdog does it, and what it was."""
    first = LocalReplica(tmp_path, label, ["ic-1"])
    try:
        first.up(quiet)
        first.exec("vault", ["bao", "kv", "put", "secret/kept", "it=yes"])
        first.proxy.add("vault", "latency", attributes={"latency": 10})
        was = dict(first.components())
        watchdog.kill(first.label)
        yield LocalReplica.attach(tmp_path, first.label), was
    finally:
        first.down()


Killed = tuple[LocalReplica, dict[str, "Component"]]


def test_it_comes_up_on_the_same_ports_with_its_data(killed: Killed) -> None:
    again, was = killed
    token = again.shell("ic-1").env["BAO_TOKEN"]
    assert not any(again.running(name) for name in COMPONENTS)
    again.resume_up(quiet)
    now = again.components()
    assert {name: each.endpoint for name, each in now.items()} == {
        name: each.endpoint for name, each in was.items()
    }
    assert all_green(again)
    assert again.shell("ic-1").env["BAO_TOKEN"] == token
    kept = again.exec("vault", ["env", f"BAO_TOKEN={token}", "bao", "kv", "get", "secret/kept"])
    assert (kept.exit_code, "yes" in kept.stdout) == (0, True), kept
    assert not any(each["toxics"] for each in again.proxy.proxies().values()), "the proxy begins anew"


def test_a_port_that_is_taken_meanwhile_is_said(killed: Killed) -> None:
    again, was = killed
    host, _, port = was["registry"].endpoint.partition(":")
    with socket.create_server((host, int(port))):
        with pytest.raises(ReplicaError, match="proxy had its port taken by another program") as seen:
            again.resume_up(quiet)
    assert "end that program, and resume again" in seen.value.hint
    assert processes.by_component(again.label) == {}
    again.resume_up(quiet)
    assert all_green(again)


# --- under a program, and anew --------------------------------------------------------------------


def test_a_server_started_under_a_program_is_plain_after_its_restart(replica: LocalReplica) -> None:
    replica.kill("dns")
    replica.start("dns", through=("/usr/bin/env", "MARK=yes"))
    assert _marked(replica, "dns")
    assert all_green(replica)
    replica.restart("dns")
    assert not _marked(replica, "dns")
    replica.kill("dns")
    replica.start("dns", through=("/bin/sh", "-c", "exec sleep 600"), wait=False)
    assert replica.running("dns")
    replica.start("dns")  # nothing happens: it runs
    assert b"sleep" in Path(f"/proc/{replica.components()['dns'].pid}/cmdline").read_bytes()
    replica.restart("dns")
    assert all_green(replica)


def _marked(replica: LocalReplica, name: str) -> bool:
    return b"MARK=yes" in Path(f"/proc/{replica.components()[name].pid}/environ").read_bytes()


def test_the_processes_of_a_component(replica: LocalReplica) -> None:
    two = wait_until(lambda: len(replica.pids("payments")) == 2, LIMIT_S)
    assert two, "the supervisor and its version: the one before it may just be ending"
    assert replica.components()["payments"].pid in replica.pids("payments")
    calls: list[Callable[[str], object]] = [replica.pids, replica.restart, replica.proxies_of]
    for call in calls:
        with pytest.raises(Exception, match="no component 'sso'"):
            call("sso")

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from blackstart.errors import ReplicaError, UsageError
from blackstart.replica import site
from blackstart.replica.layout import COMPONENTS, TEAMS, ZONE
from blackstart.replica.local import LocalReplica
from blackstart.replica.ports import free_ports
from blackstart.replica.programs.dns_policy import PolicyFile, Rule
from blackstart.replica.programs.dnsclient import ask
from blackstart.replica.programs.processes import COMPONENT, LABEL
from blackstart.replica.toolbox import TOOLS
from blackstart.replica.waiting import wait_until

from .conftest import LIMIT_S, red, red_at_last

if TYPE_CHECKING:
    from blackstart.replica.base import Replica

PROBES = [
    ("vault", "component", "vault"),
    ("dns", "component", "dns"),
    ("resolver", "component", "resolver"),
    ("registry", "component", "registry"),
    ("ship", "capability", "ship"),
    ("authenticate", "capability", "authenticate"),
    ("payments-serving", "team", "payments"),
    ("orders-serving", "team", "orders"),
    ("search-serving", "team", "search"),
]

pytestmark = pytest.mark.replica


def all_green(replica: LocalReplica) -> bool:
    return red_at_last(replica, {}) == {}


def labelled(label: str) -> list[int]:
    """Every process that carries a label, found as the watchdog finds them."""
    found = []
    for process in psutil.process_iter():
        try:
            if (
                process.environ().get("BLACKSTART_LABEL") == label
                and process.status() != psutil.STATUS_ZOMBIE
            ):
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


# --- as it comes up -----------------------------------------------------------------------------


def test_it_is_a_replica(replica: LocalReplica) -> None:
    as_one: Replica = replica
    assert as_one.name == "local"


def test_every_component_is_there_and_running(replica: LocalReplica) -> None:
    components = replica.components()
    assert tuple(components) == COMPONENTS
    assert all(replica.running(name) for name in components)
    assert {component.kind for component in components.values()} == {
        "vault",
        "dns",
        "resolver",
        "registry",
        "workload",
    }
    assert len({component.endpoint for component in components.values()}) == len(COMPONENTS)
    assert replica.exited() == {}


def test_the_versions_are_those_that_run(replica: LocalReplica) -> None:
    versions = {name: component.version for name, component in replica.components().items()}
    said = replica.exec("vault", ["bao", "version"]).stdout
    assert re.search(r"v(\S+)", said).group(1) in versions["vault"]  # type: ignore[union-attr] # it matches
    assert versions["dns"].startswith("twisted ")
    assert versions["registry"].startswith("zuul-registry ")


def test_every_probe_is_green(replica: LocalReplica) -> None:
    probes = replica.probes()
    assert [(probe.name, probe.of, probe.subject) for probe in probes] == PROBES
    assert red_at_last(replica, {}) == {}


def test_nothing_listens_anywhere_but_on_loopback(replica: LocalReplica) -> None:
    pids = labelled(replica.label)
    assert len(pids) >= len(COMPONENTS)
    assert {address for pid in pids for address in listening(pid)} == {"127.0.0.1"}


def listening(pid: int) -> list[str]:
    """The addresses at which a process listens; none of one that has ended: versions come and go."""
    with suppress(psutil.Error):
        connections = psutil.Process(pid).net_connections(kind="inet")
        return [each.laddr.ip for each in connections if each.status == psutil.CONN_LISTEN]
    return []


def test_each_component_keeps_a_log_and_only_vault_an_audit_log(replica: LocalReplica) -> None:
    assert all(replica.log(name).stat().st_size for name in COMPONENTS)
    audited = {name for name in COMPONENTS if replica.audit_log(name) is not None}
    assert audited == {"vault"}


def test_no_server_gets_the_users_environment(replica: LocalReplica) -> None:
    seen = []
    for pid in labelled(replica.label):
        with suppress(psutil.Error):  # it has ended: versions come and go
            seen.append(set(psutil.Process(pid).environ()))
    assert len(seen) >= len(COMPONENTS)
    assert all(each <= {"PATH", "LANG", LABEL, COMPONENT, "PYTHONPATH"} for each in seen)


def test_commands_run_with_the_toolbox(replica: LocalReplica) -> None:
    done = replica.exec("vault", ["bao", "status", "-format=json"])
    assert done.exit_code == 0
    assert '"sealed": false' in done.stdout
    assert replica.exec("dns", ["resolve", "_vault._tcp.platform.test", "SRV"]).stdout.endswith(
        "vault.platform.test.\n"
    )
    assert replica.exec("dns", ["resolve", "vault"]).stdout == "127.0.0.1\n"
    nothing = replica.exec("dns", ["resolve", "nobody.platform.test"])
    assert (nothing.exit_code, nothing.stderr) == (
        1,
        "resolve: NXDOMAIN: no A record for nobody.platform.test\n",
    )
    assert replica.exec("vault", ["no-such-command"]).exit_code == 127
    assert Path(replica.exec("registry", ["pwd"]).stdout.strip()).name == "registry"


def test_deploy_and_teams_as_people_use_them(replica: LocalReplica) -> None:
    done = replica.exec("payments", ["deploy", "payments"])
    assert done.exit_code == 0
    assert re.search(r"^ok   login: logged in as payments$", done.stdout, flags=re.MULTILINE)
    assert re.search(r"^payments v\d+ deployed\n\Z", done.stdout, flags=re.MULTILINE)
    lines = replica.exec("payments", ["teams"]).stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(TEAMS)
    assert all("healthy, holds its secret" in line for line in lines)


def test_each_participant_has_a_shell_of_their_own(replica: LocalReplica) -> None:
    one, other = replica.shell("ic-1"), replica.shell("sme-1")
    assert one.env["BAO_TOKEN"] != other.env["BAO_TOKEN"]
    assert one.env["HOME"] != other.env["HOME"]
    assert one.tools == TOOLS
    with pytest.raises(UsageError, match="knows no participant 'harness'"):
        replica.shell("harness")


def test_a_component_that_is_not_there(replica: LocalReplica) -> None:
    calls: list[Callable[[str], object]] = [replica.kill, replica.start, replica.running, replica.pause]
    for call in calls:
        with pytest.raises(UsageError, match="no component 'sso'") as seen:
            call("sso")
        assert "vault, dns" in seen.value.hint


# --- broken and mended --------------------------------------------------------------------------

# Between the probe and a dead server stands the fault proxy, as a load balancer would: it takes the connection.
BROKEN: dict[str, dict[str, str]] = {
    "vault": {
        "vault": "connection closed",
        "ship": "login: connection closed",
        "authenticate": "connection closed",
    },
    "dns": {"dns": "timed out"},  # the resolver still knows
    "resolver": {
        "resolver": "timed out",
        "ship": "find vault: timed out",
        "authenticate": "timed out",
    },
    "registry": {"registry": "connection closed", "ship": "pull token: connection closed"},
    **{team: {f"{team}-serving": "connection closed"} for team in TEAMS},
}


def fresh_copies(replica: LocalReplica) -> None:
    """Let the resolver ask for everything anew: what it has kept for nearly its whole time may end at any moment."""
    assert replica.exec("resolver", ["cache", "flush"]).exit_code == 0
    assert all_green(replica)


@pytest.mark.parametrize("component", COMPONENTS)
def test_each_component_can_be_killed_and_started_again(replica: LocalReplica, component: str) -> None:
    endpoint = replica.components()[component].endpoint
    fresh_copies(replica)
    replica.kill(component)
    assert not replica.running(component)
    assert red_at_last(replica, BROKEN[component]) == BROKEN[component]
    assert replica.exited() == {}, "it was asked to"
    replica.start(component)
    assert all_green(replica)
    assert replica.components()[component].endpoint == endpoint
    replica.start(component)  # nothing happens


def test_a_paused_component_says_nothing_in_time(replica: LocalReplica) -> None:
    replica.pause("registry")
    try:
        assert red(replica)["registry"] == "timed out"
    finally:
        replica.resume("registry")
    assert all_green(replica)


def test_one_that_ends_by_itself_is_told(replica: LocalReplica) -> None:
    pid = replica.components()["dns"].pid
    assert pid is not None
    os.kill(pid, 9)
    assert wait_until(lambda: replica.exited() == {"dns": -9}, LIMIT_S)
    replica.start("dns")
    assert replica.exited() == {}
    assert all_green(replica)


# --- up and down --------------------------------------------------------------------------------


def quiet(what: str, done: int, total: int) -> None:
    """A progress callback for those who do not look."""


def test_two_run_side_by_side_and_leave_nothing(replica: LocalReplica, tmp_path: Path, label: str) -> None:
    other = LocalReplica(tmp_path / "other", label, ["ic-1"])
    told: list[tuple[str, int, int]] = []
    try:
        other.up(lambda *news: told.append(news))
        mine = {component.endpoint for component in replica.components().values()}
        theirs = {component.endpoint for component in other.components().values()}
        assert not mine & theirs
        assert all_green(other)
        assert all_green(replica)
        other.kill("vault")
        assert "vault" in red(other)
        assert all_green(replica)
    finally:
        other.down()
    assert told[-1] == ("the replica is up", len(COMPONENTS), len(COMPONENTS))
    assert labelled(label) == []
    assert labelled(replica.label)
    assert all(not other.running(name) for name in COMPONENTS)
    other.down()
    assert all_green(replica)


def test_it_comes_up_again_anew(tmp_path: Path, label: str) -> None:
    again = LocalReplica(tmp_path, label, ["ic-1"])
    try:
        again.up(quiet)
        old = again.shell("ic-1").env["BAO_TOKEN"]
        again.down()
        again.up(quiet)
        assert all_green(again)
        token = again.shell("ic-1").env["BAO_TOKEN"]
        assert token != old
        assert again.exec("vault", ["env", f"BAO_TOKEN={token}", "bao", "token", "lookup"]).exit_code == 0
    finally:
        again.down()


OWN = len(site.LINKS)
"""Where the servers' own ports begin, behind those of the fault proxy's links."""


@pytest.mark.parametrize("index", [0, OWN, OWN + COMPONENTS.index("dns"), OWN + COMPONENTS.index("registry")])
def test_a_port_that_somebody_takes_meanwhile_is_no_matter(
    tmp_path: Path, label: str, monkeypatch: pytest.MonkeyPatch, index: int
) -> None:
    asked = []

    with socket.create_server(("127.0.0.1", 0)) as thief:

        def ports(count: int) -> list[int]:
            found = free_ports(count)
            asked.append(count)
            if len(asked) == 1:
                found[index] = thief.getsockname()[1]
            return found

        monkeypatch.setattr(site, "free_ports", ports)
        unlucky = LocalReplica(tmp_path, label, ["ic-1"])
        try:
            unlucky.up(quiet)
            assert all_green(unlucky)
        finally:
            unlucky.down()
    assert len(asked) >= 2, "once more at least: tests beside this one take ports too"
    assert labelled(label) == []


def test_a_server_that_will_not_start_fails_with_its_last_lines(
    tmp_path: Path, label: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blackstart.replica.components.registry._PROGRAM", tmp_path / "gone.py")
    broken = LocalReplica(tmp_path, label, ["ic-1"])
    with pytest.raises(
        ReplicaError, match=r"registry did not come into service \(ended with code 2\)"
    ) as seen:
        broken.up(quiet)
    assert "gone.py" in seen.value.message
    assert str(tmp_path / "logs" / "registry.log") in seen.value.hint
    assert labelled(label) == []


def test_before_it_is_up_there_is_nothing(tmp_path: Path, label: str) -> None:
    fresh = LocalReplica(tmp_path, label, [])
    fresh.down()
    assert fresh.components() == {}
    assert fresh.exited() == {}
    with pytest.raises(ReplicaError, match="the replica is not up"):
        fresh.probes()


def test_what_the_resolver_keeps_gets_older_when_time_jumps(shared_replica: LocalReplica) -> None:
    host, _, port = shared_replica.components()["resolver"].endpoint.rpartition(":")
    policy = PolicyFile(shared_replica.data("dns"))

    def found() -> bool:
        return bool(ask((host, int(port)), f"registry.{ZONE}", "A", timeout_s=LIMIT_S).answers)

    shared_replica.let_pass(30.0)
    assert found()
    policy.add(Rule(f"registry.{ZONE}", "SERVFAIL"))
    try:
        assert found(), "it has a copy"
        shared_replica.let_pass(30.0)
        assert not found()
    finally:
        policy.remove(f"registry.{ZONE}")
    assert found()

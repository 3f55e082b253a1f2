"""The compose file that ships, started as a reader of it would start it: by `docker compose`, without blackstart."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from blackstart.replica.components import dns, vault, workload
from blackstart.replica.components.vault import VaultClient
from blackstart.replica.components.vault_keyring import Keyring
from blackstart.replica.containers.project import LABELS, labelled
from blackstart.replica.layout import CANARY, PROBE_ROLE, TEAMS
from blackstart.replica.programs.httpclient import request
from blackstart.replica.programs.registry_client import RegistryClient, RegistryRefused
from blackstart.replica.programs.registry_image import image
from blackstart.replica.stack import FILE, Stack, home
from blackstart.replica.waiting import wait_until

if TYPE_CHECKING:
    from blackstart.replica.containers.engine import Engine

LIMIT_S = 60.0
DEFAULT_NETWORK = "172.30.255"


@dataclass(frozen=True)
class Platform:
    """A project that was started by hand, with ports of its own so that it disturbs nobody's."""

    name: str
    stack: Stack
    folder: Path
    over: tuple[Path, ...] = ()
    """Files that are laid over it."""

    def compose(self, *words: str) -> str:
        """Run `docker compose` in the repository; its output. The test fails with what it said when it fails."""
        env = {**os.environ, **self.stack.variables()}
        for component in ("dns", "resolver"):
            env[f"{component.upper()}_DIR"] = str(self.folder / component)
        files = [word for file in (FILE, *self.over) for word in ("--file", str(file))]
        argv = ["docker", "compose", "--project-name", self.name, "--progress", "quiet", *files, *words]
        done = subprocess.run(argv, cwd=home(), env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.fail(
                f"docker compose {' '.join(words)} ended with {done.returncode}:\n{done.stderr}{done.stdout}"
            )
        return done.stdout

    def containers(self) -> list[dict[str, Any]]:
        lines = self.compose("ps", "--all", "--format", "json").splitlines()
        return [json.loads(line) for line in lines]

    def seeded(self, name: str, folder: Path) -> Path:
        """A file of the volume with the keys, copied into a folder."""
        self.compose("cp", f"seed:/seed/keys/{name}", str(folder / name))
        return folder / name

    def keys(self) -> Keyring:
        return Keyring.read(self.seeded("keyring.json", self.folder))

    def pages(self, after: int = 0, wait_s: float = 0.0) -> list[dict[str, Any]]:
        path = f"/alerts?after={after}&wait={wait_s}"
        found: list[dict[str, Any]] = request(
            self.stack.published("pager"), "GET", path, timeout_s=2 * LIMIT_S
        ).json()
        return found


def _lay_out_names(folder: Path, network: str) -> None:
    """What the name servers read, of that network: whoever changes BLACKSTART_NET by hand edits the zone so."""
    for component in ("dns", "resolver"):
        shutil.copytree(home() / "compose" / component, folder / component)
        for file in (folder / component).iterdir():
            file.write_text(file.read_text("utf-8").replace(DEFAULT_NETWORK, network), "utf-8")


def _platform(engine: Engine, folder: Path) -> Platform:
    """Not started. It carries the label of some drill: else those that begin beside it would refuse to, for its sake."""
    bare = Platform(f"try-by-hand-{secrets.token_hex(4)}", Stack.choose(engine.subnets()), folder)
    _lay_out_names(folder, bare.stack.network)
    config = json.loads(bare.compose("config", "--format", "json"))
    (folder / LABELS).write_text(json.dumps(labelled(config, bare.name)))
    return replace(bare, over=(folder / LABELS,))


@pytest.fixture(scope="module")
def platform(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    started = _platform(engine, tmp_path_factory.mktemp("by-hand"))
    try:
        started.compose("up", "--detach", "--wait")
        yield started
    finally:
        started.compose("down", "--volumes")


def test_everything_comes_up_healthy(platform: Platform) -> None:
    states: dict[str, tuple[str, str]] = {}

    def healthy() -> bool:
        states.update({each["Service"]: (each["State"], each["Health"]) for each in platform.containers()})
        return set(states.values()) == {("running", "healthy"), ("running", ""), ("exited", "")}

    assert wait_until(healthy, LIMIT_S), states
    assert states["seed"] == ("exited", "")
    assert [name for name, state in states.items() if state == ("running", "")] == ["dns", "resolver"]


def test_whoever_is_outside_reaches_everything_through_the_proxies(platform: Platform) -> None:
    site, keys = platform.stack.site, platform.keys()
    vault.check_login(site.at["vault"], keys.roles[PROBE_ROLE], LIMIT_S)
    dns.check_authority(site.at["dns"], LIMIT_S)
    dns.check_resolver(site.at["resolver"], LIMIT_S)
    for team in TEAMS:
        assert wait_until(partial(_serves, platform, team), LIMIT_S)
        workload.deploy(site.services[team])
    workload.deploy(site.services[CANARY])


def _serves(platform: Platform, team: str) -> bool:
    return request(platform.stack.site.at[team], "GET", "/healthz", timeout_s=LIMIT_S).ok


def test_the_registry_gives_to_those_who_may(platform: Platform, tmp_path: Path) -> None:
    address, passwords = platform.stack.site.at["registry"], platform.keys().pull_passwords
    team = RegistryClient(address, "payments", passwords["payments"], timeout_s=LIMIT_S)
    assert team.pull("payments", "stable") == image("payments").digest
    with pytest.raises(RegistryRefused, match="401"):
        team.put_blob("payments", b"mine")

    password = platform.seeded("publisher-password", tmp_path).read_text("ascii").strip()
    publisher = RegistryClient(address, "publisher", password, timeout_s=LIMIT_S)
    publisher.push("payments", "next", image("payments"))
    assert team.pull("payments", "next") == image("payments").digest


def test_a_client_is_sent_for_tokens_to_the_address_it_came_to(platform: Platform) -> None:
    host, port = platform.stack.site.at["registry"]
    answer = request((host, port), "GET", "/v2/", timeout_s=LIMIT_S)
    assert f'realm="http://{host}:{port}/auth/token"' in answer.headers["www-authenticate"]


def test_what_is_broken_pages_and_what_is_mended_is_over(platform: Platform) -> None:
    keys, site = platform.keys(), platform.stack.site
    assert wait_until(lambda: not _firing(platform, "VaultLoginFailing"), LIMIT_S)
    seen = len(platform.pages())
    VaultClient(site.behind["vault"], keys.root_token, timeout_s=LIMIT_S).seal()
    page = _awaited(platform, seen, "VaultLoginFailing", "firing")
    assert page["summary"].startswith("machine logins fail")
    assert wait_until(
        lambda: _firing(platform, "VaultLoginFailing") == ["machine logins fail (503)"], LIMIT_S
    )
    assert _of(page["labels"]) == {"component": "vault", "probe": "vault", "severity": "page"}

    before = platform.seeded("keyring.json", platform.folder).read_bytes()
    platform.compose("start", "seed")
    over = _awaited(platform, page["seq"], "VaultLoginFailing", "resolved")
    assert over["fingerprint"] == page["fingerprint"]
    assert platform.seeded("keyring.json", platform.folder).read_bytes() == before
    assert "PAGE VaultLoginFailing" in platform.compose("logs", "pager")


def _firing(platform: Platform, name: str) -> list[str]:
    """What Prometheus says of it now: a probe that was just too slow has no number, until the next one."""
    told = request(platform.stack.published("prometheus"), "GET", "/api/v1/alerts", timeout_s=LIMIT_S).json()
    return [
        each["annotations"]["summary"]
        for each in told["data"]["alerts"]
        if each["labels"]["alertname"] == name and each["state"] == "firing"
    ]


def _awaited(platform: Platform, after: int, name: str, status: str) -> dict[str, Any]:
    """The next such page; a machine that is busy with other things may have others come first."""
    found: list[dict[str, Any]] = []

    def came() -> bool:
        pages = platform.pages(after, wait_s=1.0)
        found.extend(each for each in pages if (each["name"], each["status"]) == (name, status))
        return bool(found)

    assert wait_until(came, LIMIT_S)
    return found[0]


def _of(labels: Mapping[str, str]) -> dict[str, str]:
    return {name: labels[name] for name in ("component", "probe", "severity")}


def test_down_leaves_nothing(engine: Engine, tmp_path: Path) -> None:
    """A project of its own, of one service: what is left of the whole platform is looked at by its bench."""
    alone = _platform(engine, tmp_path)
    try:
        alone.compose("up", "--detach", "vault")
    finally:
        alone.compose("down", "--volumes")
    mine: dict[str, Any] = {"label": f"com.docker.compose.project={alone.name}"}
    assert not engine.client.containers.list(all=True, filters=mine)
    assert not engine.client.volumes.list(filters=mine)
    assert not engine.client.networks.list(filters=mine)

"""The compose file that ships, started as a reader of it would start it: by `docker compose`, without blackstart."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from blackstart.replica.components import dns, vault, workload
from blackstart.replica.components.vault import VaultClient
from blackstart.replica.components.vault_keyring import Keyring
from blackstart.replica.layout import CANARY, PROBE_ROLE, TEAMS
from blackstart.replica.programs.httpclient import request
from blackstart.replica.programs.registry_client import RegistryClient, RegistryRefused
from blackstart.replica.programs.registry_image import image
from blackstart.replica.stack import Stack, home
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

    def compose(self, *words: str) -> str:
        """Run `docker compose` in the repository; its output. The test fails with what it said when it fails."""
        env = {**os.environ, **self.stack.variables()}
        for component in ("dns", "resolver"):
            env[f"{component.upper()}_DIR"] = str(self.folder / component)
        argv = ["docker", "compose", "--project-name", self.name, "--progress", "quiet", *words]
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


@pytest.fixture(scope="module")
def platform(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    started = Platform(
        f"try-by-hand-{secrets.token_hex(4)}",
        Stack.choose(engine.subnets()),
        tmp_path_factory.mktemp("by-hand"),
    )
    _lay_out_names(started.folder, started.stack.network)
    try:
        started.compose("up", "--detach", "--wait")
        yield started
    finally:
        started.compose("down", "--volumes")


def test_everything_comes_up_healthy(platform: Platform) -> None:
    states = {each["Service"]: (each["State"], each["Health"]) for each in platform.containers()}
    assert states.pop("seed") == ("exited", "")
    assert {states.pop(name) for name in ("dns", "resolver")} == {("running", "")}
    assert set(states.values()) == {("running", "healthy")}


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
    keys, site, seen = platform.keys(), platform.stack.site, len(platform.pages())
    VaultClient(site.behind["vault"], keys.root_token, timeout_s=LIMIT_S).seal()
    page = _awaited(platform, seen, "VaultLoginFailing", "firing")
    assert page["summary"] == "machine logins fail (503)"
    assert _of(page["labels"]) == {"component": "vault", "probe": "vault", "severity": "page"}

    before = platform.seeded("keyring.json", platform.folder).read_bytes()
    platform.compose("start", "seed")
    over = _awaited(platform, page["seq"], "VaultLoginFailing", "resolved")
    assert over["fingerprint"] == page["fingerprint"]
    assert platform.seeded("keyring.json", platform.folder).read_bytes() == before
    assert "PAGE VaultLoginFailing" in platform.compose("logs", "pager")


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


def test_down_leaves_nothing(engine: Engine) -> None:
    """A project of its own, of one service: what is left of the whole platform is looked at by its bench."""
    stack = Stack.choose(engine.subnets())
    alone = Platform(f"try-by-hand-{secrets.token_hex(4)}", stack, home() / "compose")
    try:
        alone.compose("up", "--detach", "vault")
    finally:
        alone.compose("down", "--volumes")
    mine: dict[str, Any] = {"label": f"com.docker.compose.project={alone.name}"}
    assert not engine.client.containers.list(all=True, filters=mine)
    assert not engine.client.volumes.list(filters=mine)
    assert not engine.client.networks.list(filters=mine)

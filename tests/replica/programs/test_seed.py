"""Seeding a real Vault, and a registry of which only the pushes count."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest
import yaml

from blackstart.errors import ReplicaError
from blackstart.replica.components import vault
from blackstart.replica.components.vault import VaultClient
from blackstart.replica.components.vault_keyring import Keyring
from blackstart.replica.layout import CANARY, HOST, PROBE_ROLE, TEAMS
from blackstart.replica.ports import free_ports
from blackstart.replica.programs.processes import LABEL
from blackstart.replica.programs.registry_accounts import Accounts
from blackstart.replica.programs.seed import Seeding, main, seed
from blackstart.replica.programs.startpath import login
from blackstart.replica.programs.version import Config
from blackstart.replica.servers import Server
from blackstart.replica.tools import ensure_tools
from blackstart.replica.waiting import wait_until

LIMIT_S = 30.0
TEMPLATES = Path(__file__).parents[3] / "compose" / "blackbox"


class Pushed(BaseHTTPRequestHandler):
    """A registry with its token realm that takes every push and remembers the manifests' paths."""

    paths: list[str]

    def _any(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = urlsplit(self.path).path
        if self.command == "PUT" and "/manifests/" in path:
            self.paths.append(path)
        status = {"GET": 200, "POST": 202, "PUT": 201}[self.command] if path != "/v2/" else 401
        self.send_response(status)
        self.send_header("Location", f"{path}some-id")
        self.end_headers()
        self.wfile.write(b'{"token": "any"}')

    do_GET = do_POST = do_PUT = _any

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def pushes() -> Iterator[tuple[tuple[str, int], list[str]]]:
    paths: list[str] = []
    with ThreadingHTTPServer((HOST, 0), type("Remembering", (Pushed,), {"paths": paths})) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield (HOST, server.server_port), paths
        server.shutdown()
        thread.join()


@pytest.fixture
def empty_vault(tmp_path: Path) -> Iterator[VaultClient]:
    """A running OpenBao that nobody has initialised."""
    ensure_tools(lambda *news: None)
    folder, (port, cluster_port) = tmp_path / "vault", free_ports(2)
    (folder / "data").mkdir(parents=True)
    env = {"PATH": os.defpath, LABEL: f"test-seed-{os.getpid()}"}
    server = Server("vault", vault.launch(folder, port, cluster_port, env), folder / "log")
    client = VaultClient((HOST, port), timeout_s=LIMIT_S)
    server.start()
    try:
        assert wait_until(client.listening, LIMIT_S)
        yield client
    finally:
        server.kill()


@pytest.fixture
def plan(tmp_path: Path, empty_vault: VaultClient, pushes: tuple[tuple[str, int], list[str]]) -> Seeding:
    root = tmp_path / "seed"
    for name in ("keys", "tokens", "blackbox", *TEAMS, CANARY):
        (root / name).mkdir(parents=True)
    shutil.copytree(TEMPLATES, root / "templates")
    owner = (os.getuid(), os.getgid())
    return Seeding(root, empty_vault.address, pushes[0], ("10.0.0.2", 10054), "told", owner)


def contents(root: Path) -> dict[str, bytes]:
    return {str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*") if file.is_file()}


@pytest.mark.replica
def test_everything_is_seeded_once(
    plan: Seeding, empty_vault: VaultClient, pushes: tuple[object, list[str]]
) -> None:
    seed(plan, lambda what: None)

    keys = Keyring.read(plan.keys / "keyring.json")
    assert login(plan.vault, keys.roles[PROBE_ROLE], timeout_s=LIMIT_S).ok
    assert pushes[1] == [f"/v2/{name}/manifests/stable" for name in (*TEAMS, CANARY)]
    _check_services(plan, keys)
    _check_accounts(plan, keys)
    _check_probes(plan, keys)
    _check_keys(plan)

    before = contents(plan.root)
    empty_vault.token = keys.root_token
    empty_vault.seal()
    said: list[str] = []
    seed(plan, said.append)

    assert said == [
        "the registry has the images of payments, orders, search, canary",
        "vault is unsealed; everything else was seeded before",
    ]
    assert pushes[1] == 2 * [f"/v2/{name}/manifests/stable" for name in (*TEAMS, CANARY)], (
        "its disk may be empty"
    )
    assert not empty_vault.sealed()
    assert contents(plan.root) == before

    (plan.keys / "keyring.json").unlink()
    with pytest.raises(ReplicaError, match="an earlier seeding was interrupted") as raised:
        seed(plan, lambda what: None)
    assert "down --volumes" in raised.value.hint


def _check_services(plan: Seeding, keys: Keyring) -> None:
    for name in (*TEAMS, CANARY):
        config = Config.read(plan.root / name / "workload.json")
        assert (config.host, config.port, config.control) == ("0.0.0.0", 8080, 9080)
        assert (config.token, config.keep) == ("told", name != CANARY)
        assert (config.needs.role_id, config.needs.secret_id) == keys.roles[name]
        assert (config.needs.resolver, config.needs.source) == (("10.0.0.2", 10054), "")


def _check_accounts(plan: Seeding, keys: Keyring) -> None:
    accounts = Accounts(plan.root / "tokens" / "accounts.json")
    for name, password in keys.pull_passwords.items():
        found = accounts.find(name, password)
        assert found
        assert found.access == "read"
    publisher = accounts.find("publisher", (plan.keys / "publisher-password").read_text("ascii").strip())
    assert publisher
    assert publisher.access == "write"


def _check_probes(plan: Seeding, keys: Keyring) -> None:
    modules = yaml.safe_load((plan.root / "blackbox" / "blackbox.yml").read_text("utf-8"))["modules"]
    role_id, secret_id = keys.roles[PROBE_ROLE]
    assert json.loads(modules["login"]["http"]["body"]) == {"role_id": role_id, "secret_id": secret_id}
    assert modules["pull"]["http"]["oauth2"]["client_secret"] == keys.pull_passwords[CANARY]


def _check_keys(plan: Seeding) -> None:
    for file in plan.keys.iterdir():
        assert file.stat().st_mode & 0o777 == 0o600
    token = (plan.keys / "automation-token").read_text("ascii").strip()
    assert VaultClient(plan.vault, token).call("GET", "auth/token/lookup-self")["data"]["policies"] == [
        "automation",
        "default",
    ]


@pytest.mark.replica
def test_keys_to_another_vault_are_no_help(plan: Seeding) -> None:
    Keyring(("a",), "root", {}, {}).write(plan.keys)
    with pytest.raises(ReplicaError, match="keys to a Vault that is no more"):
        seed(plan, lambda what: None)


@pytest.mark.parametrize("user", ["me", "1000", "1000:users"])
def test_a_user_is_two_numbers(
    user: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BLACKSTART_USER", user)
    assert main(["--resolver", "10.0.0.2:10054"]) == 1
    assert (
        capsys.readouterr().err
        == f"seed: BLACKSTART_USER is {user!r}, not two numbers\nseed: for you: $(id -u):$(id -g)\n"
    )


def test_an_address_has_a_port(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--resolver", "10.0.0.2"])
    assert ended.value.code == 2
    assert "'10.0.0.2' is not host:port" in capsys.readouterr().err

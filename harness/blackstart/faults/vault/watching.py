"""Probes that faults in Vault bring: each does every second what some machine on the platform does at its start."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blackstart.clock import Instant, SystemTime
from blackstart.errors import ReplicaError
from blackstart.faults.vault.operating import EVERY
from blackstart.replica.asking import AskingProbe, Refused
from blackstart.replica.components.vault import Keyholder
from blackstart.replica.components.vault_content import SECRETS
from blackstart.replica.components.vault_keyring import AUTOMATION_TOKEN, Keyring
from blackstart.replica.layout import CANARY
from blackstart.replica.programs.httpclient import Answer, request
from blackstart.replica.programs.startpath import login

if TYPE_CHECKING:
    from blackstart.replica.base import Probe, Replica
    from blackstart.replica.layout import Address
    from blackstart.replica.programs.startpath import Credentials

__all__ = [
    "Machine",
    "automation_probe",
    "keyring_of",
    "lease_probe",
    "login_probe",
    "machine_of",
    "secret_probe",
]

TAKEN_EVERY_S = 0.25
"""A lease probe that is read more often than this takes no further token."""


class Machine:
    """Somebody who logs in by AppRole and keeps the token."""

    def __init__(self, address: Address, name: str, credentials: Credentials) -> None:
        self.name = name
        self.token = ""
        self._address = address
        self._credentials = credentials

    def log_in(self, each_s: float) -> str:
        """A new token, also kept. Refused says who was refused and why."""
        answer = login(self._address, self._credentials, timeout_s=each_s)
        if not answer.ok:
            raise Refused(f"{self.name}: {answer.complaint()}")
        self.token = str(answer.json()["auth"]["client_token"])
        return self.token

    def ask(self, method: str, path: str, each_s: float, *, token: str = "", body: object = None) -> Answer:
        headers = {"X-Vault-Token": token or self.token}
        return request(self._address, method, f"/v1/{path}", headers=headers, body=body, timeout_s=each_s)

    def ask_again(self, method: str, path: str, each_s: float, body: object = None) -> Answer:
        """Ask with the token that is there; log in, and ask once more, when there is none or it is not taken."""
        if self.token:
            answer = self.ask(method, path, each_s, body=body)
            if answer.status != 403:
                return answer
            self.let_go(self.token, each_s)
        self.log_in(each_s)
        return self.ask(method, path, each_s, body=body)

    def let_go(self, token: str, each_s: float) -> None:
        """Give a token back, so that one a second leaves nothing behind. Batch tokens leave nothing anyway."""
        if not token.startswith("b."):
            self.ask("POST", "auth/token/revoke-self", each_s, token=token)


def keyring_of(replica: Replica) -> tuple[Path, Keyring]:
    """The keyring's file and what is in it. ReplicaError for a replica without one."""
    if not isinstance(replica, Keyholder):
        raise ReplicaError(f"the replica {replica.name} does not hold Vault's keys")
    return replica.keyring(), Keyring.read(replica.keyring())


def machine_of(replica: Replica, target: str, name: str) -> Machine:
    """Somebody with the role of that name. Asks where everybody asks, so what stands in between is seen too."""
    host, _, port = replica.components()[target].endpoint.rpartition(":")
    _, keyring = keyring_of(replica)
    return Machine((host, int(port)), name, keyring.roles[name])


# --- secrets


def secret_probe(replica: Replica, target: str, team: str, name: str) -> Probe:
    """Green when the team (or every one) reads its secret, and it is the one that it was given."""
    _, keyring = keyring_of(replica)
    names = list(keyring.secrets) if team == EVERY else [team]
    readers = [_Reader(machine_of(replica, target, each), keyring.secrets[each]) for each in names]

    def read(each_s: float) -> None:
        for reader in readers:
            reader.read(each_s)

    return AskingProbe(name, "component", target, read, answers=4 * len(readers))


class _Reader:
    """Knows the right secret by a salted digest only."""

    def __init__(self, machine: Machine, secret: Mapping[str, str]) -> None:
        self._machine = machine
        self._salt = secrets.token_bytes(16)
        self._right = self._digest(secret)

    def _digest(self, secret: Mapping[str, str]) -> bytes:
        return hashlib.sha256(self._salt + json.dumps(dict(secret), sort_keys=True).encode()).digest()

    def read(self, each_s: float) -> None:
        name = self._machine.name
        answer = self._machine.ask_again("GET", f"{SECRETS}/data/{name}", each_s)
        if not answer.ok:
            raise Refused(f"{name}: {answer.complaint()}")
        if self._digest(answer.json()["data"]["data"]) != self._right:
            raise Refused(f"{name}: the secret is not the one that it was given")


# --- logins


def login_probe(replica: Replica, target: str, team: str, name: str) -> Probe:
    """Green when the team (or everybody who has a role) can log in. The tokens are given back."""
    _, keyring = keyring_of(replica)
    names = list(keyring.roles) if team == EVERY else [team]
    machines = [machine_of(replica, target, each) for each in names]

    def log_in(each_s: float) -> None:
        for machine in machines:
            machine.let_go(machine.log_in(each_s), each_s)

    return AskingProbe(name, "component", target, log_in, answers=2 * len(machines))


def lease_probe(replica: Replica, target: str, team: str, name: str, after_s: float) -> Probe:
    """Green when a token still works so many seconds after its login."""
    held = _Held(machine_of(replica, target, CANARY if team == EVERY else team), after_s)
    return AskingProbe(name, "component", target, held.read, answers=3)


class _Held:
    """Logs in again and again, and uses each token when it is old enough: what long work does with its own."""

    def __init__(self, machine: Machine, after_s: float) -> None:
        self._machine = machine
        self._after_s = after_s
        self._tokens: deque[tuple[Instant, str]] = deque()
        self._time = SystemTime()

    def read(self, each_s: float) -> None:
        """Uses the newest token that is old enough; before there is one, the one that it has just got."""
        now = self._time.now()
        if not self._tokens or now.seconds_since(self._tokens[-1][0]) >= TAKEN_EVERY_S:
            self._tokens.append((now, self._machine.log_in(each_s)))
        while len(self._tokens) > 1 and now.seconds_since(self._tokens[1][0]) >= self._after_s:
            self._machine.let_go(self._tokens.popleft()[1], each_s)
        since, token = self._tokens[0]
        answer = self._machine.ask("GET", "auth/token/lookup-self", each_s, token=token)
        if not answer.ok:
            age_s = now.seconds_since(since)
            raise Refused(f"{self._machine.name}: {answer.complaint()}, {age_s:.0f} s after its login")


# --- the automation


def automation_probe(replica: Replica, target: str, name: str) -> Probe:
    """Green when the automation, with the token from its file, can list the secrets' names."""
    file = keyring_of(replica)[0].with_name(AUTOMATION_TOKEN)
    machine = machine_of(replica, target, CANARY)

    def list_names(each_s: float) -> None:
        token = file.read_text("utf-8").strip()
        answer = machine.ask("GET", f"{SECRETS}/metadata?list=true", each_s, token=token)
        if not answer.ok:
            raise Refused(answer.complaint())

    return AskingProbe(name, "component", target, list_names)


def data_of(answer: Answer) -> Mapping[str, Any]:
    """The answer's data. Refused with the server's words when there is none."""
    if not answer.ok:
        raise Refused(answer.complaint())
    found: Mapping[str, Any] = answer.json()["data"]
    return found

"""How a service of a team starts: everything it needs from the platform before it can serve.

Vault is found by SRV record, then login by AppRole, its own secret, and its image from the registry, layer by
layer by digest. A deploy of a new version does all of it again; that is what the drill's *ship* means.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from blackstart.replica.programs.dnsclient import DnsError, find_service
from blackstart.replica.programs.httpclient import Answer, request, why

__all__ = ["MANIFEST", "Credentials", "Needs", "Started", "StepFailed", "login", "start"]

MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@dataclass(frozen=True, slots=True)
class Needs:
    """What a service is told: who it is, the one address it knows, the resolver's, and the one it calls from."""

    team: str
    zone: str
    resolver: tuple[str, int]
    role_id: str
    secret_id: str
    source: str
    step_timeout_s: float = 2.0


@dataclass(slots=True)
class Started:
    """What a service has got so far. The secret stays in memory and is never shown."""

    vault: tuple[str, int] = ("", 0)
    token: str = ""
    secret: Mapping[str, str] = field(default_factory=dict)
    registry: tuple[str, int] = ("", 0)
    pull_token: str = ""
    digest: str = ""
    layers: Mapping[str, bytes] = field(default_factory=dict)


class StepFailed(Exception):
    """One step did not work out. `step` names it, the text says why."""

    def __init__(self, step: str, reason: str) -> None:
        super().__init__(reason)
        self.step = step
        self.reason = reason


Credentials = tuple[str, str]
"""AppRole: role id and secret id."""


def login(vault: tuple[str, int], credentials: Credentials, *, timeout_s: float, source: str = "") -> Answer:
    """Log in by AppRole; the answer has the token under `auth.client_token`."""
    body = {"role_id": credentials[0], "secret_id": credentials[1]}
    return request(vault, "POST", "/v1/auth/approle/login", body=body, timeout_s=timeout_s, source=source)


def start(needs: Needs, got: Started) -> Iterator[tuple[str, str, float]]:
    """Do every step in order; yields its name, what was found, and its milliseconds. Raises StepFailed."""
    for name, step in _STEPS:
        began = time.monotonic()
        try:
            found = step(needs, got)
        except (OSError, DnsError, http.client.HTTPException, _Refused) as error:
            raise StepFailed(name, why(error)) from error
        yield name, found, (time.monotonic() - began) * 1000


class _Refused(Exception):
    """A server answered, but not with what was asked for."""


def _demand(answer: Answer, what: str) -> Any:
    if not answer.ok:
        raise _Refused(answer.complaint())
    document = answer.json()
    if not isinstance(document, dict):
        raise _Refused(f"{what} is not JSON")
    return document


def _find(service: str, needs: Needs) -> tuple[str, int]:
    name = f"_{service}._tcp.{needs.zone}"
    return find_service(needs.resolver, name, timeout_s=needs.step_timeout_s, source=needs.source)


def _get(needs: Needs, address: tuple[str, int], path: str, headers: Mapping[str, str]) -> Answer:
    return request(address, "GET", path, headers=headers, timeout_s=needs.step_timeout_s, source=needs.source)


def _find_vault(needs: Needs, got: Started) -> str:
    got.vault = _find("vault", needs)
    return "vault is at {}:{}".format(*got.vault)


def _login(needs: Needs, got: Started) -> str:
    credentials = (needs.role_id, needs.secret_id)
    answer = login(got.vault, credentials, timeout_s=needs.step_timeout_s, source=needs.source)
    got.token = _demand(answer, "the login")["auth"]["client_token"]
    return f"logged in as {needs.team}"


def _secret(needs: Needs, got: Started) -> str:
    answer = _get(needs, got.vault, f"/v1/secret/data/{needs.team}", {"X-Vault-Token": got.token})
    got.secret = _demand(answer, "the secret")["data"]["data"]
    return f"{len(got.secret)} secrets read"


def _find_registry(needs: Needs, got: Started) -> str:
    got.registry = _find("registry", needs)
    return "registry is at {}:{}".format(*got.registry)


def _pull_token(needs: Needs, got: Started) -> str:
    basic = base64.b64encode(f"{needs.team}:{got.secret['registry_password']}".encode()).decode()
    path = f"/auth/token?scope=repository:{needs.team}:pull"
    answer = _get(needs, got.registry, path, {"Authorization": f"Basic {basic}"})
    got.pull_token = _demand(answer, "the pull token")["token"]
    return "pull token granted"


def _of_image(needs: Needs, got: Started, path: str) -> Answer:
    headers = {"Authorization": f"Bearer {got.pull_token}", "Accept": MANIFEST}
    return _get(needs, got.registry, f"/v2/{needs.team}/{path}", headers)


def _pull(needs: Needs, got: Started) -> str:
    answer = _of_image(needs, got, "manifests/stable")
    manifest = _demand(answer, "the manifest")
    got.digest = "sha256:" + hashlib.sha256(answer.body).hexdigest()
    claimed = answer.headers.get("docker-content-digest", got.digest)
    if claimed != got.digest:
        raise _Refused(f"the manifest is {got.digest[:19]}, not {claimed[:19]}")
    blobs = [manifest["config"], *manifest["layers"]]
    got.layers = {blob["digest"]: _blob(needs, got, blob["digest"]) for blob in blobs}
    size = sum(map(len, got.layers.values()))
    return f"{got.digest[:19]}, {len(blobs) - 1} layers, {size} bytes, digests match"


def _blob(needs: Needs, got: Started, digest: str) -> bytes:
    answer = _of_image(needs, got, f"blobs/{digest}")
    if not answer.ok:
        raise _Refused(f"{answer.complaint()} for {digest[:19]}")
    seen = "sha256:" + hashlib.sha256(answer.body).hexdigest()
    if seen != digest:
        raise _Refused(f"a layer is {seen[:19]}, not {digest[:19]}")
    return answer.body


_STEPS: tuple[tuple[str, Callable[[Needs, Started], str]], ...] = (
    ("find vault", _find_vault),
    ("login", _login),
    ("secret", _secret),
    ("find registry", _find_registry),
    ("pull token", _pull_token),
    ("pull image", _pull),
)

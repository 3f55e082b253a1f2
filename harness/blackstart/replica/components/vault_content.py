"""What Vault holds from the start: policies, a secret and an AppRole for each team, a CA, and an automation's token.

Every call may be made again: healing puts back by the same functions what somebody has destroyed.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from blackstart.replica.asking import Refused
from blackstart.replica.components.vault import OPERATOR, START_LIMIT_S, VaultClient
from blackstart.replica.components.vault_authority import FOR_EVER, write_authority
from blackstart.replica.layout import CANARY, PROBE_ROLE, TEAMS
from blackstart.replica.waiting import wait_until

if TYPE_CHECKING:
    from blackstart.replica.programs.startpath import Credentials

__all__ = [
    "AUTOMATION",
    "LEASE_S",
    "ROLES",
    "SECRETS",
    "automation_token",
    "fill",
    "mount_approle",
    "mount_secrets",
    "team_policy",
    "write_role",
    "write_roles",
    "write_secret",
    "write_secrets",
]

SECRETS = "secret"
"""Where the KV engine (version 2) with the teams' secrets is mounted."""

AUTOMATION = "automation"
"""The policy of the platform's own automation."""

ROLES = (*TEAMS, CANARY, PROBE_ROLE)

LEASE_S = 86_400
"""A login's token lives for a day."""

_TEAM_POLICY = 'path "secret/data/{name}" {{ capabilities = ["read"] }}'
_CERTIFICATES_POLICY = 'path "pki/issue/services" { capabilities = ["update"] }'
_AUTOMATION_POLICY = 'path "secret/metadata/*" { capabilities = ["list"] }'

_OPERATOR_POLICY = """
# What somebody on call for Vault may do: look at everything, and put right what others have got wrong. No
# operator seals Vault, disables an auth method or an engine, or writes a policy for operators.
path "sys/audit" { capabilities = ["read", "sudo"] }
path "sys/audit-hash/file" { capabilities = ["update"] }
path "sys/auth" { capabilities = ["read"] }
path "sys/mounts" { capabilities = ["read"] }
path "sys/remount" { capabilities = ["update", "sudo"] }
path "sys/remount/status/*" { capabilities = ["read"] }
path "sys/policies/acl" { capabilities = ["list"] }
path "sys/policies/acl/*" { capabilities = ["read", "create", "update"] }
path "sys/policies/acl/operator" { capabilities = ["read"] }
path "sys/quotas/rate-limit" { capabilities = ["list"] }
path "sys/quotas/rate-limit/*" { capabilities = ["read", "update", "delete"] }
path "sys/storage/raft/configuration" { capabilities = ["read"] }
path "sys/host-info" { capabilities = ["read"] }
path "auth/approle/role" { capabilities = ["list"] }
path "auth/approle/role/+" { capabilities = ["read", "update"] }
path "auth/approle/role/+/secret-id" { capabilities = ["list"] }
path "auth/approle/role/+/secret-id/lookup" { capabilities = ["update"] }
path "auth/approle/role/+/custom-secret-id" { capabilities = ["update"] }
path "auth/token/create/automation" { capabilities = ["update"] }
path "auth/token/lookup" { capabilities = ["update"] }
path "secret/metadata" { capabilities = ["list"] }
path "secret/metadata/*" { capabilities = ["read", "list"] }
path "secret/data/*" { capabilities = ["read", "create", "update"] }
path "pki/*" { capabilities = ["read", "list", "create", "update", "patch"] }
"""


def team_policy(name: str) -> str:
    """What a team may: read its own secret."""
    return _TEAM_POLICY.format(name=name)


def fill(vault: VaultClient) -> dict[str, Any]:
    """Put everything into a fresh Vault; returns what goes into the seed beside the keys."""
    contents = {name: _new_secret() for name in (*TEAMS, CANARY)}
    _mount(vault)
    _write_policies(vault)
    write_secrets(vault, contents)
    _write_token_role(vault)
    write_authority(vault)
    return {
        "roles": {name: _new_role(vault, name) for name in ROLES},
        "secrets": contents,
        "automation_token": automation_token(vault),
    }


def _new_secret() -> dict[str, str]:
    return {"database_password": secrets.token_hex(16), "registry_password": secrets.token_hex(16)}


def _mount(vault: VaultClient) -> None:
    mount_approle(vault)
    mount_secrets(vault)


def mount_approle(vault: VaultClient) -> None:
    """Without lock-out: after five refused logins a role would be shut for a quarter of an hour, also once mended."""
    vault.call("POST", "sys/auth/approle", {"type": "approle"})
    vault.call("POST", "sys/auth/approle/tune", {"user_lockout_config": {"lockout_disable": True}})


def mount_secrets(vault: VaultClient) -> None:
    """Returns once the engine serves: a new one says "upgrading" for a moment."""
    vault.call("POST", f"sys/mounts/{SECRETS}", {"type": "kv", "options": {"version": "2"}})
    _retried(partial(vault.find, f"{SECRETS}/metadata?list=true"))


def _write_policies(vault: VaultClient) -> None:
    policies = {
        OPERATOR: _OPERATOR_POLICY,
        AUTOMATION: _AUTOMATION_POLICY,
        "certificates": _CERTIFICATES_POLICY,
        **{name: team_policy(name) for name in (*TEAMS, CANARY)},
    }
    for name, text in policies.items():
        vault.call("PUT", f"sys/policies/acl/{name}", {"policy": text})


# --- secrets


def write_secrets(vault: VaultClient, contents: Mapping[str, Mapping[str, str]]) -> None:
    """Each team's and the canary's, as a new version."""
    for name, secret in contents.items():
        _retried(partial(write_secret, vault, name, secret))


def write_secret(vault: VaultClient, name: str, secret: Mapping[str, str]) -> None:
    vault.call("POST", f"{SECRETS}/data/{name}", {"data": dict(secret)})


def _retried(call: Callable[[], Any]) -> None:
    def done() -> bool:
        try:
            call()
        except Refused:
            return False
        return True

    if not wait_until(done, START_LIMIT_S, every_s=0.05):
        call()  # once more, for the error's own words


# --- machine logins


def write_role(vault: VaultClient, name: str) -> None:
    """An AppRole. Those that log in every second get batch tokens, which leave nothing behind in storage."""
    role: dict[str, Any] = {
        "token_policies": [name, "certificates"] if name != PROBE_ROLE else [],
        "token_ttl": LEASE_S,
        "token_type": "batch" if name in (PROBE_ROLE, CANARY) else "default",
    }
    vault.call("POST", f"auth/approle/role/{name}", role)


def _new_role(vault: VaultClient, name: str) -> Credentials:
    write_role(vault, name)
    role_id = vault.call("GET", f"auth/approle/role/{name}/role-id")["data"]["role_id"]
    secret_id = vault.call("POST", f"auth/approle/role/{name}/secret-id", {})["data"]["secret_id"]
    return str(role_id), str(secret_id)


def write_roles(vault: VaultClient, roles: Mapping[str, Credentials]) -> None:
    """Roles with the ids that everybody holds, in a method that has lost them."""
    for name, (role_id, secret_id) in roles.items():
        write_role(vault, name)
        vault.call("POST", f"auth/approle/role/{name}/role-id", {"role_id": role_id})
        vault.call("POST", f"auth/approle/role/{name}/custom-secret-id", {"secret_id": secret_id})


def automation_token(vault: VaultClient) -> str:
    """A new token as the platform's automation has it, by the role that allows no other."""
    return str(vault.call("POST", f"auth/token/create/{AUTOMATION}", {})["auth"]["client_token"])


def _write_token_role(vault: VaultClient) -> None:
    role = {"allowed_policies": [AUTOMATION], "orphan": True, "token_period": FOR_EVER}
    vault.call("POST", "sys/auth/token/tune", {"max_lease_ttl": FOR_EVER})
    vault.call("POST", f"auth/token/roles/{AUTOMATION}", role)

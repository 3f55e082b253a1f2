"""Seeds the compose replica, once: Vault, the registry, and what each service must be told. Then it ends.

    python3 -s -m blackstart.replica.programs.seed --resolver HOST:PORT [--root /seed] [--vault vault:8200]
                                                   [--registry tokens:5001]

Below the root, a folder for each that gets something:
    keys        keyring.json, automation-token and publisher-password: for whoever drills (BLACKSTART_USER=uid:gid)
    tokens      the accounts of the registry's token server
    blackbox    the probes' configuration, from the template in `templates`
    payments, orders, search, canary
                the settings of each service's supervisor, which obeys BLACKSTART_TOKEN

Seeded volumes are left as they are: Vault is unsealed, and nothing else happens. The keyring is written last, so
what was interrupted is not taken for seeded.
"""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from http.client import HTTPException
from pathlib import Path
from string import Template
from typing import Any

from blackstart.clock import SystemTime
from blackstart.errors import BlackstartError, ReplicaError
from blackstart.replica.asking import Refused
from blackstart.replica.cached import write_private
from blackstart.replica.components import registry, vault_content, workload
from blackstart.replica.components.vault import KEYRING, VaultClient
from blackstart.replica.components.vault_keyring import AUTOMATION_TOKEN, Keyring
from blackstart.replica.components.vault_seed import KEYS, KEYS_NEEDED
from blackstart.replica.layout import CANARY, PROBE_ROLE, TEAMS, ZONE, Address
from blackstart.replica.programs.files import replaced
from blackstart.replica.programs.registry_accounts import ACCOUNTS, Account, Accounts
from blackstart.replica.programs.registry_client import RegistryClient
from blackstart.replica.programs.registry_image import TAG, image
from blackstart.replica.programs.registry_store import PUBLISHER
from blackstart.replica.waiting import wait_until

__all__ = ["PUBLISHER_PASSWORD", "Seeding", "main", "seed"]

LIMIT_S = 60.0
"""For a server to answer, while a dozen containers start on two cores."""

PUBLISHER_PASSWORD = "publisher-password"
"""The file, beside the keyring, by which images are pushed."""

SERVING_PORT, CONTROL_PORT = 8080, 9080
"""Every service listens on these in its own container."""

SERVICES = (*TEAMS, CANARY)


@dataclass(frozen=True, slots=True)
class Seeding:
    """What is seeded, from where and for whom. `owner` of the keys is a user's and a group's id."""

    root: Path
    vault: Address
    registry: Address
    """The registry with its tokens: the address of the token server."""
    resolver: Address
    """Where services find the resolver."""
    token: str
    owner: tuple[int, int]

    @property
    def keys(self) -> Path:
        return self.root / "keys"


def seed(plan: Seeding, say: Callable[[str], None]) -> None:
    """Seed what is not seeded, and unseal Vault. ReplicaError when that cannot be."""
    vault = VaultClient(plan.vault, timeout_s=LIMIT_S)  # initialising waits for an election
    _await("vault", vault.listening)
    initialised = bool(vault.call("GET", "sys/init")["initialized"])
    if (plan.keys / KEYRING).exists():
        _unseal_again(plan, vault, initialised)
        _push_again(plan, say)
        say("vault is unsealed; everything else was seeded before")
    elif initialised:
        raise ReplicaError(
            f"Vault is initialised, but its keys are not in {plan.keys}: an earlier seeding was interrupted",
            hint="remove the volumes, and begin again: docker compose down --volumes; docker compose up",
        )
    else:
        _seed_all(plan, vault, say)


def _await(name: str, ready: Callable[[], bool]) -> None:
    if not wait_until(ready, LIMIT_S):
        raise ReplicaError(f"{name} did not answer within {LIMIT_S:g} s", hint=f"docker compose logs {name}")


def _unseal_again(plan: Seeding, vault: VaultClient, initialised: bool) -> None:
    if not initialised:
        raise ReplicaError(
            f"{plan.keys} holds keys to a Vault that is no more: this one is empty",
            hint="remove the volumes, and begin again: docker compose down --volumes; docker compose up",
        )
    vault.unseal(Keyring.read(plan.keys / KEYRING).keys)


def _push_again(plan: Seeding, say: Callable[[str], None]) -> None:
    """The registry's disk is in memory: where every container was stopped it is empty. What is there stays the same."""
    password = (plan.keys / PUBLISHER_PASSWORD).read_text("ascii").strip()
    _push_images(plan, Account(PUBLISHER, password, "write"), say)


def _seed_all(plan: Seeding, vault: VaultClient, say: Callable[[str], None]) -> None:
    """The images go into the registry while Vault is initialised: that takes longest."""
    publisher = Account(PUBLISHER, secrets.token_hex(16), "write")
    accounts = Accounts(plan.root / "tokens" / ACCOUNTS)
    accounts.write([publisher])
    os.chown(accounts.file, *plan.owner)  # whose user the token server runs as, and whoever drills
    with ThreadPoolExecutor(1) as pool:
        pushed = pool.submit(_push_images, plan, publisher, say)
        keyring, automation_token = _fill_vault(vault)
        say("vault is initialised, unsealed and filled")
        readers = [Account(name, password, "read") for name, password in keyring.pull_passwords.items()]
        accounts.write([*readers, publisher])
        os.chown(accounts.file, *plan.owner)
        _write_services(plan, keyring)
        _write_probes(plan, keyring)
        pushed.result()
    _write_keys(plan, {AUTOMATION_TOKEN: automation_token, PUBLISHER_PASSWORD: publisher.password}, keyring)
    say("everything is seeded")


def _fill_vault(vault: VaultClient) -> tuple[Keyring, str]:
    shares = {"secret_shares": KEYS, "secret_threshold": KEYS_NEEDED}
    made: dict[str, Any] = vault.call("PUT", "sys/init", shares)
    vault.token = made["root_token"]
    vault.unseal(made["keys"])
    filled = vault_content.fill(vault)
    keyring = Keyring(tuple(made["keys"]), made["root_token"], filled["roles"], filled["secrets"])
    return keyring, filled["automation_token"]


def _push_images(plan: Seeding, publisher: Account, say: Callable[[str], None]) -> None:
    _await("registry", partial(registry.listening, plan.registry))
    client = RegistryClient(plan.registry, publisher.name, publisher.password, timeout_s=LIMIT_S)
    for name in SERVICES:
        client.push(name, TAG, image(name))
    say(f"the registry has the images of {', '.join(SERVICES)}")


def _write_services(plan: Seeding, keyring: Keyring) -> None:
    for name in SERVICES:
        told = workload.needs_of(name, ZONE, plan.resolver, keyring.roles[name])
        needs = replace(told, source="")  # a container has an address of its own to call from
        here = workload.Service(name, ("0.0.0.0", SERVING_PORT), ("0.0.0.0", CONTROL_PORT), plan.token)
        workload.write_settings(plan.root / name, here, needs)


def _write_probes(plan: Seeding, keyring: Keyring) -> None:
    template = Template((plan.root / "templates" / "blackbox.yml").read_text("utf-8"))
    role_id, secret_id = keyring.roles[PROBE_ROLE]
    text = template.safe_substitute(
        role_id=role_id, secret_id=secret_id, pull_password=keyring.pull_passwords[CANARY]
    )
    file = plan.root / "blackbox" / "blackbox.yml"
    replaced(file, text.encode())
    file.chmod(0o644)  # the exporter runs as another user, alone in its container


def _write_keys(plan: Seeding, tokens: Mapping[str, str], keyring: Keyring) -> None:
    """The keyring comes last: where it is, all is seeded."""
    for name, token in tokens.items():
        write_private(plan.keys / name, token + "\n")
        os.chown(plan.keys / name, *plan.owner)
    keyring.write(plan.keys)
    os.chown(plan.keys / KEYRING, *plan.owner)


def _address(text: str) -> Address:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not host:port")
    return host, int(port)


def _owner(text: str) -> tuple[int, int]:
    user, _, group = text.partition(":")
    if not user.isdecimal() or not group.isdecimal():
        raise ReplicaError(f"BLACKSTART_USER is {text!r}, not two numbers", hint="for you: $(id -u):$(id -g)")
    return int(user), int(group)


def _plan(argv: list[str]) -> Seeding:
    parser = argparse.ArgumentParser(prog="seed", description="Seeds the compose replica, once.")
    parser.add_argument("--root", type=Path, default=Path("/seed"), help="default: /seed")
    parser.add_argument("--vault", type=_address, default=("vault", 8200), help="default: vault:8200")
    parser.add_argument("--registry", type=_address, default=("tokens", 5001), help="default: tokens:5001")
    parser.add_argument("--resolver", type=_address, required=True, help="where services find the resolver")
    flags = parser.parse_args(argv)
    here = f"{os.getuid()}:{os.getgid()}"
    return Seeding(
        **vars(flags),
        token=os.environ.get("BLACKSTART_TOKEN") or secrets.token_hex(16),
        owner=_owner(os.environ.get("BLACKSTART_USER") or here),
    )


def main(argv: list[str]) -> int:
    """Seed. Returns the exit code: 0, or 1 with a sentence on stderr."""
    time = SystemTime()
    began = time.now()
    try:
        seed(_plan(argv), lambda what: print(f"{time.now().seconds_since(began):5.1f} s  {what}", flush=True))
    except BlackstartError as error:
        print(f"seed: {error}\nseed: {error.hint}", file=sys.stderr)
        return 1
    except (Refused, OSError, HTTPException) as error:
        print(f"seed: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    signal.signal(
        signal.SIGTERM, lambda *_: sys.exit(1)
    )  # as a container's first process it must ask to be ended
    sys.exit(main(sys.argv[1:]))

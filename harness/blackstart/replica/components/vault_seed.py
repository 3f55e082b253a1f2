"""A data folder that holds what a platform's Vault would (`vault_content`), and the keys to it all.

The seeded data folder is made once and copied for every replica: initialising takes 1.5 s, copying 20 ms.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blackstart.replica.cached import cache_dir, content_key, made_once, write_private
from blackstart.replica.components import vault_authority, vault_content
from blackstart.replica.components.vault import START_LIMIT_S, VaultClient, config, launch
from blackstart.replica.components.vault_keyring import AUTOMATION_TOKEN, Keyring
from blackstart.replica.layout import HOST
from blackstart.replica.ports import free_ports
from blackstart.replica.servers import Server
from blackstart.replica.tools import TOOLS
from blackstart.replica.waiting import wait_until

if TYPE_CHECKING:
    from blackstart.replica.programs.startpath import Credentials

__all__ = ["KEYS_NEEDED", "Seed", "seeded"]

KEYS = 3
KEYS_NEEDED = 2


@dataclass(frozen=True, slots=True)
class Seed:
    """What was put into Vault when it was initialised, and the keys to it."""

    folder: Path
    keys: Sequence[str]
    root_token: str
    roles: Mapping[str, Credentials]
    secrets: Mapping[str, Mapping[str, str]]
    automation_token: str

    def copy_data(self, target: Path) -> None:
        """Give a replica its own copy of the data, and of the keys to it."""
        Keyring(tuple(self.keys), self.root_token, self.roles, self.secrets).write(target)
        write_private(target / AUTOMATION_TOKEN, self.automation_token + "\n")
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
    files = (__file__, vault_content.__file__, vault_authority.__file__)
    sources = [Path(file).read_text("utf-8") for file in files]
    key = content_key(TOOLS["openbao"].version, *sources, config(0, 0), *vault_content.ROLES)
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
    return {"keys": keys["keys"], "root_token": keys["root_token"], **vault_content.fill(patient)}

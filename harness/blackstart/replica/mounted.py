"""What of the compose replica lies in the drill's own folder, and is mounted into its containers: what a drill changes.

Vault's audit log and keys, the name servers' zone and rules, the registry's accounts. All else is in volumes.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from blackstart.replica.components import dns
from blackstart.replica.layout import TEAMS, endpoint
from blackstart.replica.programs.container import Container
from blackstart.replica.programs.dns_told import told
from blackstart.replica.programs.dns_zone import LISTEN, ZoneFolder
from blackstart.replica.programs.files import replaced
from blackstart.replica.programs.registry_store import RegistryStore
from blackstart.replica.stack import Stack, home

__all__ = ["Mounted"]

NAME_SERVERS = ("dns", "resolver")


@dataclass(frozen=True, slots=True)
class Mounted:
    """The folders under `data`, one a component, and `keys` beside them."""

    data: Path

    @property
    def keys(self) -> Path:
        """What it takes to operate Vault whatever has happened to it; apart from all that Vault itself sees."""
        return self.data / "keys"

    def variables(self) -> dict[str, str]:
        """For the compose file: each folder, and whose they are."""
        return {
            "KEYS_DIR": str(self.keys),
            "AUDIT_DIR": str(self.data / "vault"),
            "DNS_DIR": str(self.data / "dns"),
            "RESOLVER_DIR": str(self.data / "resolver"),
            "TOKENS_DIR": str(self.data / "registry"),
            "BLACKSTART_USER": f"{os.getuid()}:{os.getgid()}",
        }

    def lay_out(self, stack: Stack, docker: str, label: str) -> None:
        """Make them, for a platform that is about to start. `docker` is where its daemon listens."""
        self.data.mkdir(parents=True)
        for component in NAME_SERVERS:
            self._lay_out_names(component, stack, docker, label)
        registry = self.data / "registry"
        registry.mkdir()
        RegistryStore(registry).tell(stack.site.at["registry"])
        self._lay_out_vault(docker, label)

    def _lay_out_names(self, component: str, stack: Stack, docker: str, label: str) -> None:
        """A name server's folder: what CoreDNS reads, and what it takes to tell it that something has changed."""
        folder = self.data / component
        shutil.copytree(home() / "compose" / component, folder)
        replaced(folder / LISTEN, endpoint(stack.site.behind[component]).encode())
        Container(docker, label, component).note(folder)
        if component == "dns":
            services = {name: stack.inside[name] for name in ("vault", "registry", *TEAMS)}
            ZoneFolder(folder).create(dns.zone(services))
        else:
            told(folder)

    def _lay_out_vault(self, docker: str, label: str) -> None:
        audit = self.data / "vault"
        audit.mkdir()
        audit.chmod(0o777)  # Vault's own user writes its log here
        Container(docker, label, "vault").note(audit)
        self.keys.mkdir(mode=0o700)

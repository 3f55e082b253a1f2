"""The commands on a participant's PATH, and the shell they are used in."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from blackstart.errors import MissingTool
from blackstart.replica.base import ShellSpec
from blackstart.replica.cached import write_private
from blackstart.replica.components.vault import bao
from blackstart.replica.components.workload import interpreter
from blackstart.replica.layout import COMPONENTS, PROXY, ZONE, Address
from blackstart.replica.site import proxies_of

if TYPE_CHECKING:
    from blackstart.replica.components.workload import Service

__all__ = ["TOOLS", "Escrow", "Toolbox"]

OWN = ("resolve", "deploy", "teams", "service", "network", "images", "audit-log", "zone", "policy", "cache")
TOOLS = ("bao", "vault", *OWN)
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_PROMPT = r"\u@platform:\w\$ "


@dataclass(frozen=True, slots=True)
class Escrow:
    """What those on call for Vault have at hand: key shares, the secret ids that machines hold, an automation's token."""

    keys: Sequence[str]
    secret_ids: Mapping[str, str]
    automation_token: Path


class Toolbox:
    """A folder of commands, and a home for each participant with the key shares that they hold.

    `instead` are the words of commands that are other programs here than `programs/tools.py`; none: there is no such one.
    """

    def __init__(self, folder: Path, label: str, instead: Mapping[str, Sequence[str]] | None = None) -> None:
        self.bin = folder / "bin"
        self._homes = folder / "home"
        self._box = folder / "toolbox.json"
        self._label = label
        self._instead = instead or {}
        self.vault: Address = ("", 0)
        """Where people reach Vault. `write` sets it, or whoever has it written already."""

    def write(self, resolver: Address, services: Sequence[Service], vault: Address) -> None:
        """Put every command in place. Overwrites what an earlier start left."""
        self.vault = vault
        teams = {each.name: {"service": each.address, "control": each.control} for each in services}
        box = {
            "zone": ZONE,
            "resolver": resolver,
            "teams": teams,
            "token": services[0].token,
            "servers": (*COMPONENTS, PROXY),
            "links": {name: proxies_of(name) for name in COMPONENTS},
        }
        write_private(self._box, json.dumps(box))
        self.bin.mkdir(parents=True, exist_ok=True)
        for name in ("bao", "vault"):
            link = self.bin / name
            link.unlink(missing_ok=True)
            link.symlink_to(bao())
        for name in OWN:
            if self._instead.get(name, True):
                self._write_command(name)

    def _write_command(self, name: str) -> None:
        argv, extra = interpreter("tools.py", {})
        argv = list(self._instead.get(name, [*argv, name]))
        words = [*(f"{key}={quote(value)}" for key, value in extra.items()), *map(quote, argv)]
        command = self.bin / name
        command.write_text(f'#!/bin/sh\nexec env {" ".join(words)} "$@"\n', "utf-8")
        command.chmod(0o755)

    def add_home(self, participant: str, escrow: Escrow) -> None:
        """A participant's home: what is in escrow for an outage, and nothing that a shell would read at its start."""
        home = self._homes / participant
        shares = {str(number): key for number, key in enumerate(escrow.keys, start=1)}
        for name, files in (("unseal-keys", shares), ("secret-ids", escrow.secret_ids)):
            folder = home / name
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
            for file, text in files.items():
                write_private(folder / file, text + "\n")
        link = home / escrow.automation_token.name
        link.unlink(missing_ok=True)
        link.symlink_to(escrow.automation_token)

    def env(self, user: str, token: str) -> dict[str, str]:
        """The whole environment of somebody's command; nothing of the harness's own comes in."""
        vault = f"http://{self.vault[0]}:{self.vault[1]}"
        home = self._homes / user
        return {
            "PATH": f"{self.bin}:{SYSTEM_PATH}",
            "HOME": str(home if home.is_dir() else self._homes),
            "USER": user,
            "LOGNAME": user,
            "SHELL": "/bin/bash",
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "BAO_ADDR": vault,
            "VAULT_ADDR": vault,
            "BAO_TOKEN": token,
            "VAULT_TOKEN": token,
            "BLACKSTART_LABEL": self._label,
            "BLACKSTART_TOOLBOX": str(self._box),
        }

    def shell(self, participant: str, token: str) -> ShellSpec:
        """An interactive bash that reads nobody's start-up files. MissingTool without bash."""
        bash = shutil.which("bash", path=os.environ.get("PATH", SYSTEM_PATH))
        if bash is None:
            raise MissingTool("bash is missing: it is not on PATH", hint="apt install bash")
        env: Mapping[str, str] = {**self.env(participant, token), "PS1": _PROMPT.replace(r"\u", participant)}
        return ShellSpec((bash, "--noprofile", "--norc", "-i"), env, self._homes / participant, TOOLS)

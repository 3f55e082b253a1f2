"""What a participant's shell has where the platform is a user's own: commands on its PATH, addresses as variables.

The commands are `commands.py`, which nothing imports: each is a process of its own.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from blackstart.errors import MissingTool
from blackstart.replica.base import ShellSpec

if TYPE_CHECKING:
    from blackstart.replica.foreign.judge import Judgement
    from blackstart.replica.foreign.override import Places

__all__ = ["TOOLS", "addresses", "shell", "write"]

TOOLS = ("service", "network", "inside")
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

PACKAGES = Path(__file__).parents[3]


def write(folder: Path, label: str) -> None:
    """Put every command in place. Overwrites what an earlier start left."""
    binaries = folder / "bin"
    binaries.mkdir(parents=True, exist_ok=True)
    for name in TOOLS:
        argv = [sys.executable, "-s", "-m", "blackstart.replica.foreign.commands", str(folder), label, name]
        words = " ".join(map(quote, argv))
        command = binaries / name
        command.write_text(f'#!/bin/sh\nexec env PYTHONPATH={quote(str(PACKAGES))} {words} "$@"\n', "utf-8")
        command.chmod(0o755)


def addresses(judgement: Judgement, places: Places) -> dict[str, str]:
    """Where each port is reached from this machine, as variables: BLACKSTART_DB and BLACKSTART_DB_5432."""
    found: dict[str, str] = {}
    for service in judgement.drilled:
        name = f"BLACKSTART_{service.component.upper().replace('-', '_')}"
        for port in service.ports:
            if (address := places.address(service.name, port)) is not None:
                found.setdefault(name, f"{address[0]}:{address[1]}")
                found[f"{name}_{port}"] = f"{address[0]}:{address[1]}"
    return found


def shell(folder: Path, participant: str, more: Mapping[str, str]) -> ShellSpec:
    """An interactive bash that reads nobody's start-up files. MissingTool without bash."""
    bash = shutil.which("bash", path=os.environ.get("PATH", SYSTEM_PATH))
    if bash is None:
        raise MissingTool("bash is missing: it is not on PATH", hint="apt install bash")
    home = folder / "home" / participant
    home.mkdir(parents=True, exist_ok=True)
    env = {
        "PATH": f"{folder / 'bin'}:{SYSTEM_PATH}",
        "HOME": str(home),
        "USER": participant,
        "LOGNAME": participant,
        "SHELL": "/bin/bash",
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "PS1": rf"{participant}@platform:\w\$ ",
        **more,
    }
    return ShellSpec((bash, "--noprofile", "--norc", "-i"), env, home, TOOLS)

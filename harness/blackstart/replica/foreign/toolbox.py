"""The commands on a participant's PATH where the platform is a user's own: `service`, `network`, `inside`.

`python -m blackstart.replica.foreign.toolbox FOLDER LABEL COMMAND ...` is what each of them runs.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from blackstart.errors import BlackstartError, MissingTool
from blackstart.replica.base import ShellSpec

if TYPE_CHECKING:
    from blackstart.replica.foreign.judge import Judgement
    from blackstart.replica.foreign.override import Places
    from blackstart.replica.foreign.replica import ForeignReplica

__all__ = ["TOOLS", "addresses", "shell", "write"]

TOOLS = ("service", "network", "inside")
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

PACKAGES = Path(__file__).parents[3]

INSIDE = (
    "usage: inside COMPONENT COMMAND ...\nruns a command in the component's container; COMPONENT is one of {}"
)


def write(folder: Path, label: str) -> None:
    """Put every command in place. Overwrites what an earlier start left."""
    binaries = folder / "bin"
    binaries.mkdir(parents=True, exist_ok=True)
    for name in TOOLS:
        argv = [sys.executable, "-s", "-m", "blackstart.replica.foreign.toolbox", str(folder), label, name]
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


# --- the commands themselves ----------------------------------------------------------------------


def main(folder: Path, label: str, name: str, argv: list[str]) -> int:
    """Run one command. Its exit code."""
    from blackstart.replica.foreign.replica import ForeignReplica

    try:
        replica = ForeignReplica.attach(folder, label)
        if name == "service":
            from blackstart.replica.programs.service import command

            return command(tuple(replica.components()), argv, lambda each: _Kept(replica, each))
        if name == "network":
            from blackstart.replica.programs.network import over

            ways = {component: replica.proxies_of(component) for component in replica.components()}
            return over(replica.proxy, ways, argv)
        return _inside(replica, argv)
    except BlackstartError:
        return 1


def _inside(replica: ForeignReplica, argv: list[str]) -> int:
    components = replica.components()
    if len(argv) < 2 or argv[0] not in components:
        return 2
    done = replica.exec(argv[0], argv[1:])
    sys.stdout.write(done.stdout)
    sys.stderr.write(done.stderr)
    return done.exit_code


class _Kept:
    """A component as the command `service` handles it."""

    def __init__(self, replica: ForeignReplica, name: str) -> None:
        self._replica = replica
        self.name = name

    def running(self) -> bool:
        return self._replica.running(self.name)

    def start(self) -> bool:
        """Also waits until it is in service."""
        if self.running():
            return False
        self._replica.start(self.name)
        return True

    def stop(self) -> None:
        self._replica.stop(self.name)

    def exited_by_itself(self) -> int | None:
        return self._replica.exited().get(self.name)

    def listens(self) -> bool:
        return self.running()

    def here(self) -> str:
        at = self._replica.components()[self.name].endpoint
        paused = ", paused" if self._replica.paused(self.name) else ""
        return f"container {self._replica.container(self.name).look().id[:12]}{paused}{at and f', at {at}'}"

    def where(self) -> str:
        return f"log: docker logs {self._replica.container(self.name).look().id[:12]}"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:]))

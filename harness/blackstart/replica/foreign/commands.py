"""The commands of a participant where the platform is a user's own: `service`, `network`, `inside`.

python -m blackstart.replica.foreign.commands FOLDER LABEL COMMAND ...    as `toolbox.py` puts them on a PATH
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from blackstart.errors import BlackstartError
from blackstart.replica.containers.service import refused
from blackstart.replica.foreign.replica import ForeignReplica
from blackstart.replica.programs import network, service

__all__ = ["COMMANDS", "main"]

INSIDE = """\
usage: inside COMPONENT COMMAND ...
runs a command in the component's container; COMPONENT is one of {}"""


def main(folder: Path, label: str, name: str, argv: list[str]) -> int:
    """Run one command. Its exit code; what could not be done is said on stderr."""
    try:
        return COMMANDS[name](ForeignReplica.attach(folder, label), argv)
    except BlackstartError as error:
        return refused(name, error)


def _service(replica: ForeignReplica, argv: list[str]) -> int:
    return service.command(tuple(replica.components()), argv, lambda each: _Kept(replica, each))


def _network(replica: ForeignReplica, argv: list[str]) -> int:
    ways = {component: replica.proxies_of(component) for component in replica.components()}
    return network.over(replica.proxy, ways, argv)


def _inside(replica: ForeignReplica, argv: list[str]) -> int:
    components = replica.components()
    if len(argv) < 2 or argv[0] not in components:
        print(INSIDE.format(", ".join(components)), file=sys.stderr)
        return 2
    done = replica.exec(argv[0], argv[1:])
    sys.stdout.write(done.stdout)
    sys.stderr.write(done.stderr)
    return done.exit_code


COMMANDS: Mapping[str, Callable[[ForeignReplica, list[str]], int]] = {
    "service": _service,
    "network": _network,
    "inside": _inside,
}


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

"""The command `service` where servers are containers: what people have to see, start, stop and restart them.

    python -m blackstart.replica.containers.service FOLDER [status|start|stop|restart NAME]

FOLDER is the replica's; its `site.json` says who listens where, its `docker.json` whose containers they are.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from blackstart.errors import BlackstartError
from blackstart.replica.containers.note import Note
from blackstart.replica.containers.server import ContainerServer
from blackstart.replica.layout import COMPONENTS, PROXY
from blackstart.replica.programs.service import SITE, command, listens
from blackstart.replica.site import Site, deploy_link

if TYPE_CHECKING:
    from blackstart.replica.containers.engine import Engine
    from blackstart.replica.layout import Address

__all__ = ["main", "refused"]

NAMES = (*COMPONENTS, PROXY)


class Service(ContainerServer):
    """A server of the replica in that folder, and where it listens itself."""

    def __init__(self, name: str, folder: Path, engine: Engine, note: Note, address: Address) -> None:
        super().__init__(name, engine, note.label, note.project, folder)
        self.address = address

    def listens(self) -> bool:
        return listens(self.address, self.running)

    def here(self) -> str:
        container = self.look()
        return f"container {container.id[:12]}" + (", paused" if container.paused else "")

    def where(self) -> str:
        return f"log: docker logs {self.look().id[:12]}"


def main(folder: Path, argv: list[str]) -> int:
    note = Note.read(folder)
    if note is None:
        print(f"service: {folder} has no containers", file=sys.stderr)
        return 1
    site = Site.from_data(json.loads((folder / SITE).read_bytes())["site"])
    try:
        engine = note.connect()
        return command(NAMES, argv, lambda name: Service(name, folder, engine, note, _address(name, site)))
    except BlackstartError as error:
        return refused("service", error)


def refused(command: str, error: BlackstartError) -> int:
    """Say on stderr why a command could not do it, and the next move. Its exit code."""
    print(f"{command}: {error.message}", file=sys.stderr)
    if error.hint:
        print(f"  {error.hint}", file=sys.stderr)
    return 1


def _address(name: str, site: Site) -> Address:
    """Where a server itself takes connections; of a team's it is the supervisor, not what it keeps up."""
    return site.proxy if name == PROXY else site.behind.get(deploy_link(name), site.behind[name])


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))

"""The compose replica: the platform as its owners run it, from the docker-compose.yml that ships with blackstart.

One compose project a drill. What a drill changes on disk lies in its own folder (`data/`), which the containers mount;
the rest is in volumes of the project. What it takes to go on in another process lies in `<folder>/site.json` and
`<folder>/compose.json`.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from blackstart.errors import ReplicaError
from blackstart.replica.base import Component
from blackstart.replica.cached import write_private
from blackstart.replica.components.vault import KEYRING
from blackstart.replica.containers.engine import NO_MORE, Allowed, Engine, PortInUse, SubnetInUse
from blackstart.replica.containers.events import Happenings
from blackstart.replica.containers.note import Note
from blackstart.replica.containers.project import ENDING, STOPPING, Project, project_name
from blackstart.replica.containers.server import ContainerServer
from blackstart.replica.layout import CANARY, COMPONENTS, PROXY, TEAMS, endpoint
from blackstart.replica.miniature import KINDS, Miniature
from blackstart.replica.mounted import Mounted
from blackstart.replica.programs.dns_cache import let_age
from blackstart.replica.programs.dns_zone import ZoneFolder
from blackstart.replica.programs.service import LOGS, RUN
from blackstart.replica.servicing import Servicing, waiters
from blackstart.replica.stack import FILE, Stack, home
from blackstart.replica.telling import AlertFeed
from blackstart.replica.toolbox import Toolbox
from blackstart.replica.tools import PEOPLES, ensure_tools
from blackstart.replica.written import Written
from blackstart.toxics.links import Links
from blackstart.toxics.toxiproxy import Toxiproxy

if TYPE_CHECKING:
    from collections.abc import Callable

    from blackstart.replica.base import Completed, Progress
    from blackstart.replica.telling import Following, Happening

__all__ = ["ComposeReplica"]

STATE = "compose.json"

PORT_TRIES = 3

SERVERS = (*COMPONENTS, CANARY, PROXY)

MACHINERY = ("toxiproxy", "tokens", "blackbox", "prometheus", "alertmanager", "pager")
"""What else must run all along. The one that need not, `seed`, ends by itself."""

LOOK_EVERY_S = 0.1
"""Seconds between two looks at a container: each asks docker several things."""


class ComposeReplica(Miniature):
    """The platform in miniature, in containers. The owner calls `down`, whatever happened.

    Nothing is asked of docker before `up`. Errors beside a replica's own: UsageError where docker is not this machine's
    or runs containers named like a target, unless `allowed` names them.
    """

    name = "compose"

    def __init__(
        self, folder: Path, label: str, participants: Sequence[str], allowed: Allowed = NO_MORE
    ) -> None:
        super().__init__(folder, label, participants)
        self._toolbox = Toolbox(self._folder, label, _commands(self._folder))
        self._mounted = Mounted(self._folder / "data")
        self._allowed = allowed
        self._stack: Stack | None = None
        self._attached = False
        self._containers: dict[str, ContainerServer] = {}

    @classmethod
    def attach(cls, folder: Path, label: str) -> ComposeReplica:
        """The replica of that folder as another process left it, whether its containers run or not.

        ReplicaError when there is none, when it is another label's, or when it was never quite up.
        """
        written = Written.read(folder, label)
        replica = cls(folder, label, written.participants)
        replica._tokens.update(written.tokens)
        replica._stack = _read_stack(folder)
        replica._attached = True
        replica._handle_all()
        return replica

    # --- up and down ----------------------------------------------------------------------------

    def up(self, progress: Progress) -> None:
        """Start every container, and return when the platform serves. Leaves nothing when it fails."""
        ensure_tools(progress, PEOPLES)
        self._engine.see_room()
        self._engine.refuse_strangers(COMPONENTS)
        self.down()  # its volumes would not fit the new keys
        for _ in range(PORT_TRIES):
            self._lay_out()
            with suppress(PortInUse, SubnetInUse):
                self._start_all(progress)
                return
        raise ReplicaError(
            "every port or network that was free a moment ago was taken by somebody", hint="try again"
        )

    def resume_up(self, progress: Progress) -> None:
        """Start the containers of a replica that was ended without being thrown away: same ports, volumes and tokens.

        When it fails nothing runs and its data stays: it can be tried again.
        """
        ensure_tools(progress, PEOPLES)
        self._start_all(progress, keeping=True)

    def _lay_out(self) -> None:
        """A fresh platform, whatever an earlier `up` left here."""
        self._tokens.clear()
        for name in ("data", RUN):
            shutil.rmtree(self._folder / name, ignore_errors=True)
        (self._folder / LOGS).mkdir(parents=True, exist_ok=True)
        self._stack = Stack.choose(self._engine.subnets())
        write_private(self._folder / STATE, json.dumps(self._stack.to_data()))
        self._mounted.lay_out(self._stack, self._engine.endpoint.host, self.label)

    def _start_all(self, progress: Progress, *, keeping: bool = False) -> None:
        """PortInUse, SubnetInUse when somebody has one. When it fails nothing is left, or, `keeping`, all but what runs."""
        try:
            self._project.up(progress, keeping=keeping)
            self._handle_all()
            self._serve(progress, keeping)
        except BaseException:
            self._give_up(keeping)
            raise
        progress("the replica is up", len(COMPONENTS), len(COMPONENTS))

    def _serve(self, progress: Progress, keeping: bool) -> None:
        """Wait until everything does its work."""
        progress("waiting for the servers", 0, 0)
        servicing = self._servicing()
        with waiters(len(SERVERS), partial(self._stop, progress, keeping)) as pool:
            waits = [pool.submit(servicing.into_service, name) for name in SERVERS]
            for each in waits:
                each.result()
            self._give_tokens(self._write)
            list(pool.map(servicing.serving, TEAMS))

    def _stop(self, progress: Progress, keeping: bool) -> None:
        progress(ENDING if keeping else STOPPING, 0, 0)
        self._give_up(keeping)

    def _give_up(self, keeping: bool) -> None:
        if not keeping:
            return self.down()
        self._project.end()
        self._there = False

    def _handle_all(self) -> None:
        stack = self._chosen()
        self._containers = {
            name: ContainerServer(name, self._engine, self.label, self._project.name, self._folder)
            for name in (*SERVERS, *MACHINERY)
        }
        self._know(stack.site, self._containers)
        services = [stack.site.services[team] for team in TEAMS]
        self._toolbox.write(stack.site.at["resolver"], services, stack.site.at["vault"])
        self._write()

    def _write(self) -> None:
        Written(self.label, self._participants, self._tokens, self.site, {}).write(self._folder)

    def down(self) -> None:
        """Keep the logs, and remove every container, network and volume of the drill. May be called again, and when `up` failed."""
        if self._stack is not None:
            self._project.down()
        self._there = False

    def _chosen(self) -> Stack:
        if self._stack is None:
            raise ReplicaError("the replica is not up", hint="call up first")
        return self._stack

    @cached_property
    def _engine(self) -> Engine:
        """The docker that has the containers already, else the one that the user means."""
        note = Note.read(self._folder) if self._attached else None
        return note.connect() if note else Engine.connect(self._allowed)

    @property
    def _project(self) -> Project:
        env = {**self._chosen().variables(), **self._mounted.variables()}
        return Project(self._engine, project_name(self.label), [home() / FILE], env, self.label, self._folder)

    # --- what is there --------------------------------------------------------------------------

    def components(self) -> Mapping[str, Component]:
        if not self._there:
            return {}
        looked = {name: self._containers[name].look() for name in COMPONENTS}
        at = self.site.at
        return {
            name: Component(
                name,
                KINDS.get(name, "workload"),
                str(found.data["Config"]["Image"]),
                endpoint(at[name]),
                found.pid,
            )
            for name, found in looked.items()
        }

    def keyring(self) -> Path:
        return self._mounted.keys / KEYRING

    def images(self) -> Mapping[str, str]:
        """The id of the image that each service really runs."""
        return self._project.images()

    def exec(self, component: str, argv: Sequence[str]) -> Completed:
        """Run a command in the component's container. 127: the image has no such program."""
        self._handle(component)
        return self._containers[component].exec(argv)

    def container(self, component: str) -> ContainerServer:
        """The container of a component, for faults that are of containers. UsageError for another name."""
        self._handle(component)
        return self._containers[component]

    def let_pass(self, seconds: float) -> None:
        """Drill time has jumped: the resolver forgets its copies once none of them may be left."""
        zone = ZoneFolder(self.data("dns")).read()
        let_age(self.data("resolver"), seconds, max(record.ttl for record in zone.records))

    def happenings(self, tell: Callable[[Happening], None]) -> Following:
        """Tell of what happens to the drill's containers (`telling.Eventful`)."""
        return Happenings(self._engine, self.label, tell).start()

    def alerts(self) -> AlertFeed:
        """Where the pages of Alertmanager are read (`telling.Paging`)."""
        return AlertFeed(*self._chosen().published("pager"))

    def log(self, component: str) -> Path:
        """The file with what its container has said until now. All servers have one, the machinery too."""
        if component not in self._containers:
            raise self._no_such(component)
        return self._containers[component].log

    def _servicing(self) -> Servicing:
        return Servicing(self._handles, *self._up(), every_s=LOOK_EVERY_S)

    # --- the network ----------------------------------------------------------------------------

    @property
    def proxy(self) -> Links:
        """Both proxies as one, for whoever breaks or mends the network."""
        stack = self._chosen()
        front, back = (Toxiproxy(*stack.published(api)) for api in ("proxy-api", "toxiproxy-api"))
        return Links(front, back)

    def _clients(self) -> Mapping[str, str]:
        return self._chosen().clients


def _commands(folder: Path) -> dict[str, Sequence[str]]:
    """People's commands that are others than on the embedded replica."""
    service = (sys.executable, "-s", "-m", "blackstart.replica.containers.service", str(folder))
    return {"service": service}


def _read_stack(folder: Path) -> Stack:
    try:
        return Stack.from_data(json.loads((folder / STATE).read_bytes()))
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ReplicaError(
            f"{folder / STATE} cannot be read: {str(error) or type(error).__name__}",
            hint="it is written when the replica comes up, and removed when it goes down",
        ) from error

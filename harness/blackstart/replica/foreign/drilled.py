"""The components of a user's compose file as they stand in a drill: seen, broken and mended, from any process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from blackstart.checks import Check, TcpCheck
from blackstart.errors import ReplicaError, UsageError
from blackstart.replica.base import Component
from blackstart.replica.containers.engine import Engine
from blackstart.replica.containers.events import Happenings
from blackstart.replica.containers.note import Note
from blackstart.replica.containers.project import project_name
from blackstart.replica.foreign.ground import PublishedGround, probes_of
from blackstart.replica.foreign.links import Links
from blackstart.replica.foreign.member import Member
from blackstart.replica.layout import HOST, endpoint
from blackstart.replica.probing import own_checks, question

if TYPE_CHECKING:
    from blackstart.replica.base import Completed, Probe
    from blackstart.replica.containers.engine import Allowed
    from blackstart.replica.containers.server import ContainerServer
    from blackstart.replica.foreign.written import Written
    from blackstart.replica.probing import Question
    from blackstart.replica.telling import Following, Happening

__all__ = ["Drilled"]

AFTER: Mapping[str, Callable[[Member], None]] = {
    "start": Member.come_back,
    "connect": Member.lead,
    "disconnect": Member.lead,
}
"""What the proxy before a component needs when somebody else has done this to its container."""


class Drilled:
    """What a replica promises of components that are there, over the members of one file.

    Whoever inherits starts the containers, and calls `_know` with what it has written of them.
    """

    def __init__(self, folder: Path, label: str, allowed: Allowed) -> None:
        self.label = label
        self._folder = folder.absolute()
        self._allowed = allowed
        self._members: dict[str, Member] = {}
        self._written: Written | None = None
        self._there = False
        self._attached = False

    @cached_property
    def _engine(self) -> Engine:
        """The docker that has the containers already, else the one that the user means."""
        note = Note.read(self._folder) if self._attached else None
        return note.connect() if note else Engine.connect(self._allowed)

    def close(self) -> None:
        """End the connections to docker; whatever is asked next opens new ones."""
        self._engine.close()

    def _know(self, written: Written) -> None:
        self._written = written
        self._there = True
        self._members = {
            service.component: Member(
                service,
                written.places,
                self._engine,
                self.label,
                project_name(self.label),
                self._folder,
                written.up_within_s,
            )
            for service in written.judgement.drilled
        }

    def _up(self) -> Written:
        if self._written is None:
            raise ReplicaError("the replica is not up", hint="call up first")
        return self._written

    # --- what is there --------------------------------------------------------------------------

    def _member(self, component: str) -> Member:
        self._up()
        if component not in self._members:
            raise UsageError(
                f"the compose replica has no component {component!r}",
                hint=f"there are: {', '.join(self._members)}",
            )
        return self._members[component]

    def components(self) -> Mapping[str, Component]:
        members = self._members if self._there else {}
        return {name: self._component(name, member) for name, member in members.items()}

    def _component(self, name: str, member: Member) -> Component:
        where = endpoint(member.address) if member.address else ""
        version = member.service.image or "built here"
        return Component(name, member.service.kind, version, where, member.server.pid)

    def probes(self) -> Sequence[Probe]:
        """What the map and the labels say, in the map's order."""
        written = self._up()
        return probes_of(written.platform, written.judgement, self._ground)

    @property
    def _ground(self) -> PublishedGround:
        written = self._up()
        servers = {name: member.server for name, member in self._members.items()}
        return PublishedGround(written.judgement, written.places, self._engine, servers)

    def question(self, component: str) -> Question:
        """What the component's own probe asks (`probing.Questioned`)."""
        checks = own_checks(self._up().platform, component, self._member(component).service.checks)
        return question(next(iter(checks.values()), Check(tcp=TcpCheck())), component, self._ground)

    def container(self, component: str) -> ContainerServer:
        """The container of a component, for faults that are of containers. UsageError for another name."""
        return self._member(component).server

    def exec(self, component: str, argv: Sequence[str]) -> Completed:
        """Run a command in the component's container. 127: the image has no such program."""
        return self.container(component).exec(argv)

    # --- breaking and mending -------------------------------------------------------------------

    def stop(self, component: str) -> None:
        """Its stop signal, SIGKILL after a while; it stays down until `start`."""
        self.container(component).stop()

    def kill(self, component: str) -> None:
        """SIGKILL to every process of it; it stays down until `start`."""
        self.container(component).kill()

    def pause(self, component: str) -> None:
        """Nothing happens to what does not run."""
        server = self.container(component)
        if server.running():
            server.pause()

    def resume(self, component: str) -> None:
        self._member(component).resume()

    def start(self, component: str) -> None:
        """Start it, and return when it is in service behind its proxy; nothing happens when it runs."""
        self._member(component).start()

    def restart(self, component: str) -> None:
        self.stop(component)
        self.start(component)

    def running(self, component: str) -> bool:
        return self.container(component).running()

    def paused(self, component: str) -> bool:
        return self.container(component).paused()

    def exited(self) -> Mapping[str, int]:
        """Components, and proxies beside them, that ended without being asked to; with exit codes."""
        members = self._members.values() if self._there else ()
        servers = [
            *(member.server for member in members),
            *(member.proxy for member in members if member.beside),
        ]
        codes = {server.name: server.exited_by_itself() for server in servers}
        return {name: code for name, code in codes.items() if code is not None}

    def let_pass(self, seconds: float) -> None:
        """Of what a user's platform keeps for a time nothing is known."""

    # --- the network ----------------------------------------------------------------------------

    @property
    def proxy(self) -> Links:
        """Every Toxiproxy as one, for whoever breaks or mends the network."""
        self._up()
        return Links(member.beside for member in self._members.values() if member.beside)

    def proxies_of(self, component: str) -> tuple[str, ...]:
        """The names of all proxies before a component; none where its network cannot be broken."""
        beside = self._member(component).beside
        return beside.names if beside else ()

    def address_of(self, client_name: str) -> str:
        """People and probes call from this machine. UsageError for others: who else connects, only their file knows."""
        if client_name not in ("people", "probes"):
            raise UsageError(
                f"a fault for the client {client_name!r} alone cannot be had on a compose file of your own",
                hint="leave clients out: it then acts on every client",
            )
        return HOST

    # --- evidence --------------------------------------------------------------------------------

    def happenings(self, tell: Callable[[Happening], None]) -> Following:
        """Tell of what happens to the components' containers (`telling.Eventful`).

        A component that somebody else started, or put on a network, has its proxy put before it again, meanwhile.
        """
        ours = {member.service.name: member for member in self._members.values()}
        beside = {name for member in ours.values() for name in member.names} - set(ours)

        def heard(happening: Happening) -> None:
            service = getattr(happening, "service", "")
            if service in ours and happening.what in AFTER and not happening.asked:
                Thread(
                    target=_mend, args=(happening.what, ours[service]), name=f"mend {service}", daemon=True
                ).start()
            if service not in beside:
                tell(happening)

        return Happenings(self._engine, self.label, heard).start()

    def log(self, component: str) -> Path:
        """The file with what its container has said until now."""
        return self.container(component).log

    def audit_log(self, component: str) -> Path | None:
        """None: who asked a user's service for what, only they know."""
        self._member(component)
        return None


def _mend(what: str, member: Member) -> None:
    """It may have ended again meanwhile; the probes see what comes of it."""
    with suppress(ReplicaError):
        AFTER[what](member)

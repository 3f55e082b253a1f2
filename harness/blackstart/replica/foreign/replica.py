"""A user's own compose file as a replica: their services as they are, with a Toxiproxy beside each component.

One compose project a drill. What it takes to go on in another process lies in `<folder>/foreign.json`.
"""

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
from blackstart.replica.containers.cli import Compose
from blackstart.replica.containers.engine import NO_MORE, Allowed, Engine, PortInUse
from blackstart.replica.containers.events import Happenings
from blackstart.replica.containers.note import Note
from blackstart.replica.containers.project import Project
from blackstart.replica.foreign import toolbox
from blackstart.replica.foreign.ground import PublishedGround, probes_of
from blackstart.replica.foreign.links import Links
from blackstart.replica.foreign.member import Member
from blackstart.replica.foreign.override import Places, override, wanted_ports
from blackstart.replica.foreign.reading import prepared, sidecar_images
from blackstart.replica.foreign.written import Written
from blackstart.replica.layout import HOST, endpoint
from blackstart.replica.ports import free_ports
from blackstart.replica.probing import own_checks, question

if TYPE_CHECKING:
    from blackstart.platform import Platform
    from blackstart.replica.base import Completed, Probe, Progress, ShellSpec
    from blackstart.replica.containers.server import ContainerServer
    from blackstart.replica.probing import Question
    from blackstart.replica.telling import Following, Happening

__all__ = ["OVERRIDE", "ForeignReplica"]

OVERRIDE = "blackstart.override.yml"
"""The file that is laid over the user's, in the replica's folder."""

PORT_TRIES = 3


class ForeignReplica:
    """The services of a compose file that carry `blackstart.component`. The owner calls `down`, whatever happened.

    Nothing is asked of docker before `up`. Errors beside a replica's own: UsageError for a file that cannot be
    drilled, and where docker is not this machine's or runs containers named like a target that `allowed` does not name.
    """

    name = "compose"

    def __init__(
        self,
        folder: Path,
        label: str,
        participants: Sequence[str],
        compose_file: Path,
        platform: Platform,
        allowed: Allowed = NO_MORE,
    ) -> None:
        self.label = label
        self._folder = folder.absolute()
        self._participants = tuple(participants)
        self._file = compose_file.absolute()
        self._platform = platform
        self._allowed = allowed
        self._members: dict[str, Member] = {}
        self._written: Written | None = None
        self._there = False

    @classmethod
    def attach(cls, folder: Path, label: str) -> ForeignReplica:
        """The replica of that folder as another process left it, whether its containers run or not.

        ReplicaError when there is none, when it is another label's, or when it was never quite up.
        """
        written = Written.read(folder, label)
        replica = cls(folder, label, written.participants, written.compose_file, written.platform)
        replica._know(written)
        return replica

    # --- up and down ----------------------------------------------------------------------------

    def up(self, progress: Progress) -> None:
        """Start every service, and return when all are up and healthy. Leaves nothing when it fails."""
        self._engine.see_room()
        progress("reading the compose file", 0, 0)
        config, judgement, ports = prepared(self._engine, self._file, self.label, self._folder, progress)
        for stays in judgement.lasting:
            progress(stays, 0, 0)
        self._engine.refuse_strangers(judgement.names)
        for _ in range(PORT_TRIES):
            places = Places.choose(judgement, free_ports(wanted_ports(judgement)))
            self._know(
                Written(self.label, self._participants, self._file, config, ports, places, self._platform)
            )
            with suppress(PortInUse):
                self._start_all(progress)
                return
        raise ReplicaError("every port that was free a moment ago was taken by somebody", hint="try again")

    def resume_up(self, progress: Progress) -> None:
        """Start the containers of a replica that was ended without being thrown away: same ports and volumes."""
        self._start_all(progress)

    def _know(self, written: Written) -> None:
        self._written = written
        self._there = True
        self._members = {
            service.component: Member(
                service, written.places, self._engine, self.label, self._project.name, self._folder
            )
            for service in written.judgement.drilled
        }

    def _start_all(self, progress: Progress) -> None:
        """PortInUse when somebody has one. Whatever goes wrong, nothing is left."""
        written = self._up()
        self._there = True
        self._folder.mkdir(parents=True, exist_ok=True)
        text = override(
            written.config, written.judgement, written.places, sidecar_images(), self._project.name
        )
        (self._folder / OVERRIDE).write_text(text, "utf-8")
        written.write(self._folder)
        toolbox.write(self._folder, self.label)
        self.probes()  # what cannot be asked is said before anything is started
        try:
            self._build(progress)
            self._project.up(progress)
            for member in self._members.values():
                member.await_service()
        except BaseException:
            self.down()
            raise
        progress("the replica is up", len(self._members), len(self._members))

    def _build(self, progress: Progress) -> None:
        """Build what the file builds. UsageError, in compose's own words, when it cannot be built."""
        services = self._up().config["services"]
        building = [name for name, raw in services.items() if raw.get("build")]
        if not building:
            return
        progress(f"building {', '.join(building)}", 0, 0)
        compose = Compose(self._project.name, self._files, self._engine.env(), self.label)
        done = compose.run(("build",))
        if done.returncode != 0:
            said = "\n".join(done.stderr.strip().splitlines()[-12:])
            raise UsageError(
                f"{self._file}: docker compose build fails:\n{said}", hint="docker compose build says more"
            )

    def down(self) -> None:
        """Remove every container, network and volume of the drill. May be called again, and when `up` failed."""
        if self._written is not None:
            self._project.down()
            self.close()
        self._there = False

    def close(self) -> None:
        """End the connections to docker; whatever is asked next opens new ones."""
        self._engine.close()

    def _up(self) -> Written:
        if self._written is None:
            raise ReplicaError("the replica is not up", hint="call up first")
        return self._written

    @cached_property
    def _engine(self) -> Engine:
        """Where its containers are, if it ever had any; else the docker that the user means."""
        note = Note.read(self._folder)
        return Engine.connect(self._allowed, note.endpoint if note else None)

    @property
    def _files(self) -> list[Path]:
        return [self._file, self._folder / OVERRIDE]

    @property
    def _project(self) -> Project:
        return Project(
            self._engine, f"blackstart-{self.label.lower()}", self._files, {}, self.label, self._folder
        )

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
        members = self._members.values()
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

    # --- evidence and people --------------------------------------------------------------------

    def happenings(self, tell: Callable[[Happening], None]) -> Following:
        """Tell of what happens to the components' containers (`telling.Eventful`).

        A component that somebody else started has its proxy put before it again, meanwhile.
        """
        ours = {member.service.name: member for member in self._members.values()}
        beside = {name for member in ours.values() for name in member.names} - set(ours)

        def heard(happening: Happening) -> None:
            service = getattr(happening, "service", "")
            if service in ours and happening.what == "start" and not happening.asked:
                Thread(target=_rejoin, args=(ours[service],), name=f"rejoin {service}", daemon=True).start()
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

    def shell(self, participant: str) -> ShellSpec:
        """A participant's shell, on this machine. UsageError for somebody the replica was not told of."""
        if participant not in self._participants:
            raise UsageError(
                f"the replica knows no participant {participant!r}",
                hint=f"there are: {', '.join(self._participants) or 'none'}",
            )
        written = self._up()
        more = {
            "BLACKSTART_LABEL": self.label,
            **toolbox.addresses(written.judgement, written.places),
        }
        return toolbox.shell(self._folder, participant, more)


def _rejoin(member: Member) -> None:
    """It may have ended again meanwhile; the probes see what comes of it."""
    with suppress(ReplicaError):
        member.rejoin()
        member.await_service()
        member.restore()

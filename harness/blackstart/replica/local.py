"""The embedded replica: real servers as processes of this machine, on loopback, from tool environments made once.

Each server leads a process group of its own, carries the drill's label and its component's name in its environment,
writes to `<folder>/logs/<component>.log` and keeps its data under `<folder>/data/<component>`. What it takes to go
on with the replica in another process lies in `<folder>/site.json` and `<folder>/run/`.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from blackstart.errors import ReplicaError, UsageError
from blackstart.replica.base import Completed, Component, Probe, Progress, ShellSpec
from blackstart.replica.components import proxy, registry, vault
from blackstart.replica.components.vault_keyring import AUTOMATION_TOKEN, Keyring
from blackstart.replica.components.vault_seed import seeded
from blackstart.replica.layout import CANARY, CLIENTS, COMPONENTS, PROXY, TEAMS, endpoint
from blackstart.replica.programs import processes
from blackstart.replica.programs.dns_cache import pass_time
from blackstart.replica.programs.processes import LABEL
from blackstart.replica.programs.service import LOGS, RUN
from blackstart.replica.servers import Launch, Server
from blackstart.replica.servicing import PortTaken, Servicing
from blackstart.replica.site import Site, proxies_of
from blackstart.replica.standard import standard_probes
from blackstart.replica.toolbox import SYSTEM_PATH, Escrow, Toolbox
from blackstart.replica.tools import TOOLS, ensure_tools
from blackstart.replica.waiting import wait_until
from blackstart.replica.written import Written

if TYPE_CHECKING:
    from blackstart.toxics.client import Client

__all__ = ["LocalReplica"]

DOWN_PATIENCE_S = 0.1
"""Taking the replica down waits this long after SIGTERM: its data is thrown away, so nobody need finish."""

PORT_TRIES = 3


WATCHED = (*COMPONENTS, PROXY)


class LocalReplica:
    """The platform in miniature, on this machine. The owner calls `down`, whatever happened.

    `label` marks every process of this replica (BLACKSTART_LABEL in its environment). Several objects, also in several
    processes, may handle the same replica: what runs is looked up, not remembered.
    """

    name = "local"

    def __init__(self, folder: Path, label: str, participants: Sequence[str]) -> None:
        self.label = label
        self._folder = folder.absolute()
        self._participants = tuple(participants)
        self._toolbox = Toolbox(self._folder, label)
        self._servers: dict[str, Server] = {}
        self._tokens: dict[str, str] = {}
        self._known: tuple[Site, Keyring] | None = None

    @classmethod
    def attach(cls, folder: Path, label: str) -> LocalReplica:
        """The replica of that folder as another process left it, whether its servers run or not.

        ReplicaError when there is none, when it is another label's, or when it was never quite up.
        """
        written = Written.read(folder, label)
        replica = cls(folder, label, written.participants)
        replica._tokens.update(written.tokens)
        replica._know(written.site, written.launches)
        return replica

    # --- up and down ----------------------------------------------------------------------------

    def up(self, progress: Progress) -> None:
        """Make what is missing of tools and seeds, then start everything. Leaves nothing running when it fails."""
        ensure_tools(progress)
        progress("seeding", 0, 0)
        self._lay_out()
        for _ in range(PORT_TRIES):
            self._lay_site()
            with suppress(PortTaken):
                self._start_all(progress)
                return
        raise ReplicaError("every port that was free a moment ago was taken by somebody", hint="try again")

    def resume_up(self, progress: Progress) -> None:
        """Start the servers of a replica that went down without being thrown away: same ports, data and tokens.

        ReplicaError when somebody has taken a port of it meanwhile, or when a server does not come into service;
        then nothing is left running.
        """
        ensure_tools(progress)
        try:
            self._start_all(progress)
        except PortTaken as error:
            raise ReplicaError(
                f"{error} had its port taken by another program while it was down",
                hint="end that program, and resume again; `ss -ltnp` says which it is",
            ) from error

    def _env(self) -> dict[str, str]:
        """A server's environment: the label, and nothing of the user's."""
        return {"PATH": SYSTEM_PATH, "LANG": "C.UTF-8", LABEL: self.label}

    def _lay_out(self) -> None:
        """A fresh platform, whatever an earlier `up` left here; the tokens it gave are worth nothing now."""
        with ThreadPoolExecutor(2) as pool:
            images = pool.submit(registry.seeded, self._env())
            seed = seeded(self._env())
            image_folder = images.result()
        self._tokens.clear()
        for name in ("data", RUN):
            shutil.rmtree(self._folder / name, ignore_errors=True)
        (self._folder / LOGS).mkdir(parents=True, exist_ok=True)
        seed.copy_data(self.data("vault"))
        registry.copy_data(image_folder, self.data("registry"))

    def _lay_site(self) -> None:
        """New ports, and servers that know of them; none is started."""
        site, keys = Site.choose(), Keyring.read(self.keyring())
        self._know(site, site.launches(self._folder / "data", keys, self._env()))
        services = [site.services[team] for team in TEAMS]
        self._toolbox.write(site.at["resolver"], services, site.at["vault"])
        self._write()

    def _know(self, site: Site, launches: Mapping[str, Launch]) -> None:
        self._known = (site, Keyring.read(self.keyring()))
        self._toolbox.vault = site.at["vault"]
        self._servers = {
            name: Server(name, each, self.log(name), self._folder / RUN / f"{name}.json")
            for name, each in launches.items()
        }

    def _write(self) -> None:
        launches = {name: server.launch for name, server in self._servers.items()}
        Written(self.label, self._participants, self._tokens, self._site(), launches).write(self._folder)

    def _site(self) -> Site:
        return self._up()[0]

    def _up(self) -> tuple[Site, Keyring]:
        if self._known is None:
            raise ReplicaError("the replica is not up", hint="call up first")
        return self._known

    def _servicing(self) -> Servicing:
        return Servicing(self._servers, *self._up())

    def _start_all(self, progress: Progress) -> None:
        """PortTaken when somebody has one. Whatever goes wrong, nothing is left running."""
        try:
            for number, step in enumerate(self._servicing().start_all(self._give_tokens, self.down)):
                progress(step, 4 * number, len(COMPONENTS))
        except BaseException:
            self.down()
            raise
        progress("the replica is up", len(COMPONENTS), len(COMPONENTS))

    def _give_tokens(self) -> None:
        """A token and a home for everybody who has none yet."""
        site, keys = self._up()
        client = vault.VaultClient(site.behind["vault"], keys.root_token)
        escrow = Escrow(keys.keys, keys.secret_ids, self.data("vault") / AUTOMATION_TOKEN)
        missing = [each for each in (*self._participants, "harness") if each not in self._tokens]
        for participant in missing:
            self._tokens[participant] = client.participant_token(participant)
            self._toolbox.add_home(participant, escrow)
        if missing:
            self._write()

    def down(self) -> None:
        """End every process, SIGTERM first; nothing is left. May be called again, and when `up` failed."""
        servers = list(self._servers.values())
        for server in servers:
            server.ask_to_end()
        wait_until(lambda: not any(server.running() for server in servers), DOWN_PATIENCE_S)
        processes.end_all(self._processes)
        for server in servers:
            server.reap()

    def _processes(self) -> list[tuple[int, processes.Carried]]:
        """Every process of every server that this replica has."""
        found = processes.by_component(self.label)
        return [(pid, (self.label, name)) for name in self._servers for pid in found.get(name, [])]

    # --- what is there --------------------------------------------------------------------------

    def components(self) -> Mapping[str, Component]:
        return {name: self._component(name) for name in COMPONENTS if name in self._servers}

    def _component(self, name: str) -> Component:
        kinds = {"vault": "openbao", "dns": "names", "resolver": "names", "registry": "registry"}
        kind = name if name in kinds else "workload"
        tool = kinds.get(name)
        version = f"{TOOLS[tool].package} {TOOLS[tool].version}" if tool else "service"
        return Component(name, kind, version, endpoint(self._site().at[name]), self._servers[name].pid)

    def probes(self) -> Sequence[Probe]:
        """Every probe, in the order in which they are declared and recorded."""
        return standard_probes(*self._up())

    def data(self, component: str) -> Path:
        """The folder that a component runs in and keeps its data in."""
        return self._folder / "data" / component

    def keyring(self) -> Path:
        """Vault's keys, for whoever must unseal it whatever people do (`components.vault.Keyholder`)."""
        return self.data("vault") / vault.KEYRING

    def let_pass(self, seconds: float) -> None:
        """Drill time has jumped: what servers keep for a time gets older by that much, the resolver's copies."""
        pass_time(self.data("resolver"), seconds)

    def exec(self, component: str, argv: Sequence[str]) -> Completed:
        """Run a command with the toolbox on its PATH, in the component's data folder, as the harness itself.

        A command that is not there exits with 127, as in a shell.
        """
        self._server(component)
        env = self._toolbox.env("harness", self._tokens.get("harness", ""))
        try:
            done = subprocess.run(
                ["env", *argv],  # finds the program by the toolbox's PATH, not by the harness's own
                cwd=self.data(component),
                env=env,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
            )
        except OSError as error:
            return Completed(127, "", str(error))
        return Completed(done.returncode, done.stdout, done.stderr)

    # --- breaking and mending -------------------------------------------------------------------

    def _server(self, component: str) -> Server:
        server = self._servers.get(component)
        if server is None or component == CANARY:
            raise UsageError(
                f"the local replica has no component {component!r}",
                hint=f"there are: {', '.join(COMPONENTS)}",
            )
        return server

    def stop(self, component: str) -> None:
        """SIGTERM; it stays down until `start`."""
        self._server(component).stop()

    def kill(self, component: str) -> None:
        """SIGKILL to every process of it; it stays down until `start`."""
        self._server(component).kill()

    def pause(self, component: str) -> None:
        self._server(component).pause()

    def resume(self, component: str) -> None:
        self._server(component).resume()

    def start(self, component: str, through: Sequence[str] = (), *, wait: bool = True) -> None:
        """Start it on the port it had, and wait until it is in service; nothing happens when it runs.

        Vault is unsealed: it comes back as it was before it was stopped. A team's service comes up by itself as
        soon as what it needs is there, so only its supervisor is waited for. `through` are the words of a program to
        start it under, this once; `wait` false: whoever starts it so does not expect it in service.
        """
        server = self._server(component)
        if not server.start(through) or not wait:
            return
        try:
            self._servicing().into_service(component)
        except PortTaken as error:
            raise server.failed("found its port taken by somebody else") from error

    def restart(self, component: str) -> None:
        """Stop it, and start it plainly, whatever it ran under."""
        self.stop(component)
        self.start(component)

    def running(self, component: str) -> bool:
        return self._server(component).running()

    def pids(self, component: str) -> list[int]:
        """Every living process of a component, also the children that it made itself."""
        return self._server(component).pids()

    def exited(self) -> Mapping[str, int]:
        """Components, and the fault proxy, that ended without being asked to, with their exit codes (negative: the signal)."""
        codes = {name: self._servers[name].exited_by_itself() for name in WATCHED if name in self._servers}
        return {name: code for name, code in codes.items() if code is not None}

    # --- the network ----------------------------------------------------------------------------

    @property
    def proxy(self) -> Client:
        """The fault proxy, for whoever breaks or mends the network."""
        return proxy.client(self._site().proxy)

    def proxies_of(self, component: str) -> tuple[str, ...]:
        """The names of all proxies on the way to a component; the canary has some too. UsageError for another name."""
        if component != CANARY:
            self._server(component)
        return proxies_of(component)

    def address_of(self, client_name: str) -> str:
        """The address that a client calls from: people, probes, resolver, canary or a team. UsageError for another."""
        if client_name not in CLIENTS:
            raise UsageError(
                f"the local replica has no client {client_name!r}", hint=f"there are: {', '.join(CLIENTS)}"
            )
        return CLIENTS[client_name]

    # --- evidence and people --------------------------------------------------------------------

    def log(self, component: str) -> Path:
        return self._folder / LOGS / f"{component}.log"

    def audit_log(self, component: str) -> Path | None:
        """Vault's audit log; no other component has one."""
        return self.data("vault") / vault.AUDIT_LOG if component == "vault" else None

    def shell(self, participant: str) -> ShellSpec:
        """A participant's shell. UsageError for somebody the replica was not told of."""
        token = self._tokens.get(participant)
        if token is None or participant not in self._participants:
            raise UsageError(
                f"the replica knows no participant {participant!r}",
                hint=f"there are: {', '.join(self._participants) or 'none'}",
            )
        return self._toolbox.shell(participant, token)

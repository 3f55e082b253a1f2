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

from blackstart.errors import ReplicaError
from blackstart.replica.base import Completed, Progress
from blackstart.replica.components import registry
from blackstart.replica.components.vault_keyring import Keyring
from blackstart.replica.components.vault_seed import seeded
from blackstart.replica.layout import COMPONENTS, TEAMS
from blackstart.replica.miniature import Miniature
from blackstart.replica.programs import processes
from blackstart.replica.programs.dns_cache import pass_time
from blackstart.replica.programs.processes import LABEL
from blackstart.replica.programs.service import LOGS, RUN
from blackstart.replica.servers import Launch, Server
from blackstart.replica.servicing import PortTaken
from blackstart.replica.site import Site
from blackstart.replica.toolbox import SYSTEM_PATH
from blackstart.replica.tools import TOOLS, ensure_tools
from blackstart.replica.waiting import wait_until
from blackstart.replica.written import Written
from blackstart.toxics.toxiproxy import Toxiproxy

__all__ = ["LocalReplica"]

DOWN_PATIENCE_S = 0.1
"""Taking the replica down waits this long after SIGTERM: its data is thrown away, so nobody need finish."""

PORT_TRIES = 3

TOOL_OF = {"vault": "openbao", "dns": "names", "resolver": "names", "registry": "registry"}


class LocalReplica(Miniature):
    """The platform in miniature, on this machine. The owner calls `down`, whatever happened.

    `label` marks every process of this replica (BLACKSTART_LABEL in its environment). Several objects, also in several
    processes, may handle the same replica: what runs is looked up, not remembered.
    """

    name = "local"

    def __init__(self, folder: Path, label: str, participants: Sequence[str]) -> None:
        super().__init__(folder, label, participants)
        self._servers: dict[str, Server] = {}

    @classmethod
    def attach(cls, folder: Path, label: str) -> LocalReplica:
        """The replica of that folder as another process left it, whether its servers run or not.

        ReplicaError when there is none, when it is another label's, or when it was never quite up.
        """
        written = Written.read(folder, label)
        replica = cls(folder, label, written.participants)
        replica._tokens.update(written.tokens)
        replica._take(written.site, written.launches)
        return replica

    # --- up and down ----------------------------------------------------------------------------

    def up(self, progress: Progress) -> None:
        """Make what is missing of tools and seeds, then start everything. Leaves nothing running when it fails."""
        ensure_tools(progress)
        self.down()  # what still runs would never be found again: its state is about to be thrown away
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
        self._take(site, site.launches(self._folder / "data", keys, self._env()))
        services = [site.services[team] for team in TEAMS]
        self._toolbox.write(site.at["resolver"], services, site.at["vault"])
        self._write()

    def _take(self, site: Site, launches: Mapping[str, Launch]) -> None:
        self._servers = {
            name: Server(name, each, self.log(name), self._folder / RUN / f"{name}.json")
            for name, each in launches.items()
        }
        self._know(site, self._servers)

    def _write(self) -> None:
        launches = {name: server.launch for name, server in self._servers.items()}
        Written(self.label, self._participants, self._tokens, self.site, launches).write(self._folder)

    def _start_all(self, progress: Progress) -> None:
        """PortTaken when somebody has one. Whatever goes wrong, nothing is left running."""
        self._there = True
        try:
            for number, step in enumerate(self._servicing().start_all(self._tokens_given, self.down)):
                progress(step, 4 * number, len(COMPONENTS))
        except BaseException:
            self.down()
            raise
        progress("the replica is up", len(COMPONENTS), len(COMPONENTS))

    def _tokens_given(self) -> None:
        self._give_tokens(self._write)

    def down(self) -> None:
        """End every process, SIGTERM first; nothing is left. May be called again, and when `up` failed."""
        servers = list(self._servers.values())
        for server in servers:
            server.ask_to_end()
        wait_until(lambda: not any(server.running() for server in servers), DOWN_PATIENCE_S)
        processes.end_all(self._processes)
        for server in servers:
            server.reap()
        self._there = False

    def _processes(self) -> list[tuple[int, processes.Carried]]:
        """Every process of every server that this replica has."""
        found = processes.by_component(self.label)
        return [(pid, (self.label, name)) for name in self._servers for pid in found.get(name, [])]

    # --- what is there --------------------------------------------------------------------------

    def _version(self, name: str) -> str:
        tool = TOOL_OF.get(name)
        return f"{TOOLS[tool].package} {TOOLS[tool].version}" if tool else "service"

    def let_pass(self, seconds: float) -> None:
        """Drill time has jumped: what servers keep for a time gets older by that much, the resolver's copies."""
        pass_time(self.data("resolver"), seconds)

    def exec(self, component: str, argv: Sequence[str]) -> Completed:
        """Run a command with the toolbox on its PATH, in the component's data folder, as the harness itself.

        A command that is not there exits with 127, as in a shell.
        """
        self._demand_life(component)
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

    def _demand_life(self, component: str) -> None:
        """ReplicaError when nothing could run on the component's own machine, if it had one."""
        if not self.running(component):
            raise ReplicaError(f"{component} does not run: no command runs in it", hint="start it first")
        if self.paused(component):
            raise ReplicaError(f"{component} is paused: no command runs in it", hint="resume it first")

    # --- its processes ----------------------------------------------------------------------------

    def pids(self, component: str) -> Sequence[int]:
        """Every living process of a component, also the children that it made itself."""
        return self._handle(component).pids()

    @property
    def proxy(self) -> Toxiproxy:
        """The fault proxy, for whoever breaks or mends the network."""
        return Toxiproxy(*self.site.proxy, timeout=2.0)

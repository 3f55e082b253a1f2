"""The embedded replica: real servers as child processes, on loopback, from tool environments made once.

Each server is a process group of its own, carries the drill's label in its environment, writes to
`<folder>/logs/<component>.log` and keeps its data under `<folder>/data/<component>`.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from blackstart.errors import ReplicaError, UsageError
from blackstart.replica.asking import Refused
from blackstart.replica.base import Completed, Component, Probe, Progress, ShellSpec
from blackstart.replica.components import dns, registry, vault, workload
from blackstart.replica.components.vault_keyring import AUTOMATION_TOKEN
from blackstart.replica.components.vault_seed import KEYS_NEEDED, Seed, seeded
from blackstart.replica.layout import COMPONENTS, TEAMS, Address, endpoint
from blackstart.replica.programs.dnsclient import DnsError
from blackstart.replica.servers import Server, tail
from blackstart.replica.site import Site
from blackstart.replica.toolbox import SYSTEM_PATH, Escrow, Toolbox
from blackstart.replica.tools import TOOLS, ensure_tools
from blackstart.replica.waiting import wait_until

__all__ = ["LocalReplica"]

START_LIMIT_S = 20.0
"""Real seconds for one server to come into service, on a machine that is busy with other things."""

DOWN_PATIENCE_S = 0.1
"""Taking the replica down waits this long after SIGTERM: its data is thrown away, so nobody need finish."""

PORT_TRIES = 3

_TAKEN = ("address already in use", "not free on")
"""How the servers say that somebody has their port: the kernel's words, and CherryPy's."""


class _PortTaken(Exception):
    """Somebody took a port between our choosing it and the server's binding it."""


class LocalReplica:
    """The platform in miniature, on this machine. The owner calls `down`, whatever happened.

    `label` marks every process of this replica (BLACKSTART_LABEL in its environment).
    """

    name = "local"

    def __init__(self, folder: Path, label: str, participants: Sequence[str]) -> None:
        self.label = label
        self._folder = folder.absolute()
        self._participants = tuple(participants)
        self._servers: dict[str, Server] = {}
        self._site_or_none: Site | None = None
        self._tokens: dict[str, str] = {}
        self._toolbox = Toolbox(self._folder, label)
        self._seed: Seed | None = None

    # --- up and down ----------------------------------------------------------------------------

    def up(self, progress: Progress) -> None:
        """Make what is missing of tools and seeds, then start everything. Leaves nothing running when it fails."""
        ensure_tools(progress)
        env = self._env()
        progress("seeding", 0, 0)
        with ThreadPoolExecutor(2) as pool:
            images = pool.submit(registry.seeded, env)
            self._seed = seeded(env)
            self._lay_out(images.result())
        for _ in range(PORT_TRIES):
            try:
                self._start_all(progress)
            except _PortTaken:
                continue
            except BaseException:
                self.down()
                raise
            return
        raise ReplicaError("every port that was free a moment ago was taken by somebody", hint="try again")

    def _env(self) -> dict[str, str]:
        """A server's environment: the label, and nothing of the user's."""
        return {"PATH": SYSTEM_PATH, "LANG": "C.UTF-8", "BLACKSTART_LABEL": self.label}

    def _lay_out(self, images: Path) -> None:
        """A fresh platform, whatever an earlier `up` left here; the tokens it gave are worth nothing now."""
        self._tokens.clear()
        shutil.rmtree(self._folder / "data", ignore_errors=True)
        (self._folder / "logs").mkdir(parents=True, exist_ok=True)
        self._seeded().copy_data(self._data("vault"))
        registry.copy_data(images, self._data("registry"))

    def _data(self, component: str) -> Path:
        return self._folder / "data" / component

    def _seeded(self) -> Seed:
        if self._seed is None:
            raise ReplicaError("the replica is not up", hint="call up first")
        return self._seed

    def _site(self) -> Site:
        if self._site_or_none is None:
            raise ReplicaError("the replica is not up", hint="call up first")
        return self._site_or_none

    def _start_all(self, progress: Progress) -> None:
        progress("starting servers", 0, len(COMPONENTS))
        self._lay_site()
        for server in self._servers.values():
            server.start()
        with self._waiters() as pool:
            waits = [
                pool.submit(self._into_service, name) for name in ("vault", "dns", "resolver", "registry")
            ]
            waits += [pool.submit(self._supervised, name) for name in self._site().services]
            _all_results(waits)
            progress("deploying services", 4, len(COMPONENTS))
            _all_results([pool.submit(self._deploy, name) for name in TEAMS])
        progress("the replica is up", len(COMPONENTS), len(COMPONENTS))

    @contextmanager
    def _waiters(self) -> Iterator[ThreadPoolExecutor]:
        """Threads that wait for the servers; when one fails, the servers end first, so that nobody waits on."""
        pool = ThreadPoolExecutor(len(self._servers))
        try:
            yield pool
        except BaseException:
            self.down()
            raise
        finally:
            pool.shutdown()

    def _lay_site(self) -> None:
        """New ports, and servers that know of them; none is started."""
        site = self._site_or_none = Site.choose()
        launches = site.launches(self._folder / "data", self._seeded(), self._env())
        self._servers = {name: Server(name, each, self.log(name)) for name, each in launches.items()}
        services = [site.services[team] for team in TEAMS]
        self._toolbox.write(site.at["resolver"], services, site.at["vault"])

    def _into_service(self, name: str) -> None:
        """Wait until a component does its work; Vault is unsealed first and gives people their tokens."""
        at = self._site().at[name]
        match name:
            case "vault":
                self._await(name, vault.VaultClient(at).listening)
                self._unseal()
                self._give_tokens()
            case "dns":
                self._await(name, lambda: _answers(dns.check_authority, at))
            case "resolver":
                self._await(name, lambda: _answers(dns.check_resolver, at))
            case "registry":
                self._await(name, lambda: registry.listening(at))
            case _:
                self._supervised(name)

    def _supervised(self, name: str) -> None:
        self._await(name, lambda: workload.reachable(self._site().services[name]))

    def _await(self, name: str, ready: Callable[[], bool]) -> None:
        server = self._servers[name]
        if wait_until(lambda: not server.running() or ready(), START_LIMIT_S) and server.running():
            return
        if any(words in tail(self.log(name), 20).lower() for words in _TAKEN):
            raise _PortTaken(name)
        raise server.failed("did not come into service")

    def _unseal(self) -> None:
        keys = self._seeded().keys[:KEYS_NEEDED]
        try:
            vault.VaultClient(self._site().at["vault"]).unseal(keys)
        except (Refused, OSError) as error:
            raise self._servers["vault"].failed(f"cannot be unsealed: {error}") from error

    def _give_tokens(self) -> None:
        seed = self._seeded()
        client = vault.VaultClient(self._site().at["vault"], seed.root_token)
        escrow = Escrow(seed.keys, seed.secret_ids, self._data("vault") / AUTOMATION_TOKEN)
        for participant in (*self._participants, "harness"):
            if participant not in self._tokens:
                self._tokens[participant] = client.participant_token(participant)
                self._toolbox.add_home(participant, escrow)

    def _deploy(self, name: str) -> None:
        try:
            workload.deploy(self._site().services[name])
        except (Refused, OSError) as error:
            raise self._servers[name].failed(f"could not be deployed: {error}") from error

    def down(self) -> None:
        """End every process, SIGTERM first; nothing is left. May be called again, and when `up` failed."""
        servers = list(self._servers.values())
        for server in servers:
            server.ask_to_end()
        wait_until(lambda: not any(server.running() for server in servers), DOWN_PATIENCE_S)
        for server in servers:
            server.kill()

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
        return self._site().probes(self._seeded())

    def exec(self, component: str, argv: Sequence[str]) -> Completed:
        """Run a command with the toolbox on its PATH, in the component's data folder, as the harness itself.

        A command that is not there exits with 127, as in a shell.
        """
        self._server(component)
        env = self._toolbox.env("harness", self._tokens.get("harness", ""))
        try:
            done = subprocess.run(
                ["env", *argv],  # finds the program by the toolbox's PATH, not by the harness's own
                cwd=self._data(component),
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
        if server is None or component not in COMPONENTS:
            raise UsageError(
                f"the local replica has no component {component!r}",
                hint=f"there are: {', '.join(COMPONENTS)}",
            )
        return server

    def stop(self, component: str) -> None:
        """SIGTERM; it stays down until `start`."""
        self._server(component).stop()

    def kill(self, component: str) -> None:
        """SIGKILL to its whole process group; it stays down until `start`."""
        self._server(component).kill()

    def pause(self, component: str) -> None:
        self._server(component).pause()

    def resume(self, component: str) -> None:
        self._server(component).resume()

    def start(self, component: str) -> None:
        """Start it on the port it had, and wait until it is in service; nothing happens when it runs.

        Vault is unsealed: it comes back as it was before it was stopped. A team's service comes up by itself as
        soon as what it needs is there, so only its supervisor is waited for.
        """
        server = self._server(component)
        if server.running():
            return
        if component in TEAMS:
            data, seed, env = self._folder / "data", self._seeded(), self._env()
            server.launch = self._site().service_launch(component, data, seed, env, wait=False)
        server.start()
        try:
            self._into_service(component)
        except _PortTaken as error:
            raise server.failed("found its port taken by somebody else") from error

    def running(self, component: str) -> bool:
        return self._server(component).running()

    def exited(self) -> Mapping[str, int]:
        """Components that ended without being asked to, with their exit codes (negative: the signal)."""
        codes = {name: self._servers[name].exited_by_itself() for name in COMPONENTS if name in self._servers}
        return {name: code for name, code in codes.items() if code is not None}

    # --- evidence and people --------------------------------------------------------------------

    def log(self, component: str) -> Path:
        return self._folder / "logs" / f"{component}.log"

    def audit_log(self, component: str) -> Path | None:
        """Vault's audit log; no other component has one."""
        return self._data("vault") / vault.AUDIT_LOG if component == "vault" else None

    def shell(self, participant: str) -> ShellSpec:
        """A participant's shell. UsageError for somebody the replica was not told of."""
        token = self._tokens.get(participant)
        if token is None or participant not in self._participants:
            raise UsageError(
                f"the replica knows no participant {participant!r}",
                hint=f"there are: {', '.join(self._participants) or 'none'}",
            )
        return self._toolbox.shell(participant, token)

    def keyring(self) -> Path:
        """Vault's keys, for whoever must unseal it whatever people do (`components.vault.Keyholder`)."""
        return self._data("vault") / vault.KEYRING


def _answers(check: Callable[[Address, float], None], address: Address) -> bool:
    try:
        check(address, 1.0)
    except (Refused, DnsError, OSError):
        return False
    return True


def _all_results(waits: Sequence[Future[None]]) -> None:
    """Wait for all of them; the first that failed is raised."""
    for each in waits:
        each.result()

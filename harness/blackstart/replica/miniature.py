"""The platform in miniature, whatever its servers run as: what the embedded and the compose replica have in common."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING

from blackstart.errors import ReplicaError, UsageError
from blackstart.replica.asking import Refused
from blackstart.replica.base import Component, Probe, ShellSpec
from blackstart.replica.components import vault
from blackstart.replica.components.vault_keyring import AUTOMATION_TOKEN, Keyring
from blackstart.replica.layout import CANARY, CLIENTS, COMPONENTS, PROXY, endpoint
from blackstart.replica.programs.service import LOGS
from blackstart.replica.servicing import PortTaken, Servicing
from blackstart.replica.site import Site, proxies_of
from blackstart.replica.standard import standard_probes
from blackstart.replica.toolbox import Escrow, Toolbox

if TYPE_CHECKING:
    from blackstart.replica.handle import Handle

__all__ = ["KINDS", "Miniature"]

KINDS = {"vault": "vault", "dns": "dns", "resolver": "resolver", "registry": "registry"}


class Miniature:
    """Components, probes, people's shells, and breaking and mending, over the servers of one site.

    Whoever inherits starts the servers, calls `_know` with them, and `_give_tokens` once Vault is unsealed.
    """

    name: str

    def __init__(self, folder: Path, label: str, participants: Sequence[str]) -> None:
        self.label = label
        self._folder = folder.resolve()  # however it is spelled, containers that mount it stay the same
        self._participants = tuple(participants)
        self._toolbox = Toolbox(self._folder, label)
        self._tokens: dict[str, str] = {}
        self._handles: Mapping[str, Handle] = {}
        self._known: tuple[Site, Keyring] | None = None
        self._there = False

    # --- what is known of it --------------------------------------------------------------------

    def _know(self, site: Site, handles: Mapping[str, Handle]) -> None:
        self._known = (site, Keyring.read(self.keyring()))
        self._toolbox.vault = site.at["vault"]
        self._handles = handles
        self._there = True

    def _up(self) -> tuple[Site, Keyring]:
        if self._known is None:
            raise ReplicaError("the replica is not up", hint="call up first")
        return self._known

    @property
    def site(self) -> Site:
        """Where everything of it is. ReplicaError before `up`."""
        return self._up()[0]

    def _servicing(self) -> Servicing:
        return Servicing(self._handles, *self._up())

    def _give_tokens(self, write: Callable[[], None]) -> None:
        """A token and a home for everybody who has none yet; `write` puts the tokens on disk."""
        site, keys = self._up()
        client = vault.VaultClient(site.behind["vault"], keys.root_token)
        escrow = Escrow(keys.keys, keys.secret_ids, self.keyring().with_name(AUTOMATION_TOKEN))
        missing = [each for each in (*self._participants, "harness") if each not in self._tokens]
        for participant in missing:
            self._tokens[participant] = self._token(client, participant)
            self._toolbox.add_home(participant, escrow)
        if missing:
            write()

    def _token(self, client: vault.VaultClient, participant: str) -> str:
        try:
            return client.participant_token(participant)
        except (Refused, OSError, HTTPException) as error:  # its audit log may find no room
            raise self._handles["vault"].failed(f"gives no token to {participant}: {error}") from error

    # --- what is there --------------------------------------------------------------------------

    def components(self) -> Mapping[str, Component]:
        """As on any replica; of one that another process has left, what that left."""
        return {name: self._component(name) for name in COMPONENTS} if self._there else {}

    def _component(self, name: str) -> Component:
        where = endpoint(self.site.at[name])
        return Component(
            name, KINDS.get(name, "workload"), self._version(name), where, self._handles[name].pid
        )

    def _version(self, name: str) -> str:
        raise NotImplementedError

    def probes(self) -> Sequence[Probe]:
        """Every probe, in the order in which they are declared and recorded."""
        return standard_probes(*self._up())

    def data(self, component: str) -> Path:
        """The folder of this machine in which a component's own files are."""
        return self._folder / "data" / component

    def keyring(self) -> Path:
        """Vault's keys, for whoever must unseal it whatever people do (`components.vault.Keyholder`)."""
        return self.data("vault") / vault.KEYRING

    # --- breaking and mending -------------------------------------------------------------------

    def _handle(self, component: str) -> Handle:
        handle = self._handles.get(component)
        if handle is None or component in self.machinery():
            raise self._no_such(component)
        return handle

    def machinery(self) -> Collection[str]:
        """The servers that are none of people's: the command `service` has components and the fault proxy."""
        return self._handles.keys() - {*COMPONENTS, PROXY}

    def _no_such(self, component: str) -> UsageError:
        return UsageError(
            f"the {self.name} replica has no component {component!r}",
            hint=f"there are: {', '.join(COMPONENTS)}",
        )

    def stop(self, component: str) -> None:
        """SIGTERM; it stays down until `start`."""
        self._handle(component).stop()

    def kill(self, component: str) -> None:
        """SIGKILL to every process of it; it stays down until `start`."""
        self._handle(component).kill()

    def pause(self, component: str) -> None:
        self._handle(component).pause()

    def resume(self, component: str) -> None:
        self._handle(component).resume()

    def start(self, component: str, through: Sequence[str] = (), *, wait: bool = True) -> None:
        """Start it on the port it had, and wait until it is in service; nothing happens when it runs.

        Vault is unsealed: it comes back as it was before it was stopped. A team's service comes up by itself as
        soon as what it needs is there, so only its supervisor is waited for. `through` are the words of a program to
        start it under, this once; `wait` false: whoever starts it so does not expect it in service.
        """
        handle = self._handle(component)
        if not handle.start(through) or not wait:
            return
        try:
            self._servicing().into_service(component)
        except PortTaken as error:
            raise handle.failed("found its port taken by somebody else") from error

    def restart(self, component: str) -> None:
        """Stop it, and start it plainly, whatever it ran under."""
        self.stop(component)
        self.start(component)

    def running(self, component: str) -> bool:
        return self._handle(component).running()

    def paused(self, component: str) -> bool:
        return self._handle(component).paused()

    def exited(self) -> Mapping[str, int]:
        """Servers that ended without being asked to, with their exit codes (negative: the signal)."""
        handles = self._handles if self._there else {}
        codes = {name: handle.exited_by_itself() for name, handle in handles.items()}
        return {name: code for name, code in codes.items() if code is not None}

    # --- the network ----------------------------------------------------------------------------

    def proxies_of(self, component: str) -> tuple[str, ...]:
        """The names of all proxies on the way to a component; the canary has some too. UsageError for another name."""
        if component != CANARY:
            self._handle(component)
        return proxies_of(component)

    def address_of(self, client_name: str) -> str:
        """The address that a client calls from: people, probes, resolver, canary or a team. UsageError for another."""
        clients = self._clients()
        if client_name not in clients:
            raise UsageError(
                f"the {self.name} replica has no client {client_name!r}",
                hint=f"there are: {', '.join(clients)}",
            )
        return clients[client_name]

    def _clients(self) -> Mapping[str, str]:
        return CLIENTS

    # --- evidence and people --------------------------------------------------------------------

    def log(self, component: str) -> Path:
        """As on any replica; the canary and the fault proxy have logs too."""
        if component not in (*COMPONENTS, CANARY, PROXY):
            raise self._no_such(component)
        return self._folder / LOGS / f"{component}.log"

    def audit_log(self, component: str) -> Path | None:
        """Vault's audit log; no other component has one."""
        if component not in COMPONENTS:
            raise self._no_such(component)
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

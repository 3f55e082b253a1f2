"""Bringing the servers of the local replica into service: each is started, waited for, and given what it needs.

What is waited for is the server itself, behind the fault proxy: a broken network keeps nobody from starting it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPException
from typing import TYPE_CHECKING

from blackstart.replica.asking import Refused
from blackstart.replica.components import dns, proxy, registry, vault, workload
from blackstart.replica.layout import COMPONENTS, PROXY, TEAMS
from blackstart.replica.site import SERVICES, Site
from blackstart.replica.waiting import LOOK_EVERY_S, wait_until

if TYPE_CHECKING:
    from blackstart.errors import ReplicaError
    from blackstart.replica.components.vault_keyring import Keyring
    from blackstart.replica.handle import Handle

__all__ = ["PortTaken", "Servicing", "waiters"]

START_LIMIT_S = 20.0
"""Real seconds for one server to come into service, on a machine that is busy with other things."""

_TAKEN = ("address already in use", "not free on")
"""How the servers say that somebody has their port: the kernel's words, and CherryPy's."""

_NO_ROOM = ("no space left on device", "file too large", "disk quota exceeded")
"""The kernel's words for a disk that takes no more. Vault does not end then: it tries to lead for ever."""


class PortTaken(Exception):
    """Somebody took a port between our choosing it and the server's binding it. The text names the server."""


class Servicing:
    """The servers of one replica, by name. Errors of every method: PortTaken; ReplicaError with a server's last lines."""

    def __init__(
        self, servers: Mapping[str, Handle], site: Site, keys: Keyring, *, every_s: float = LOOK_EVERY_S
    ) -> None:
        self._servers, self._site, self._keys = servers, site, keys
        self._every_s = every_s

    def start_all(self, unsealed: Callable[[], None], down: Callable[[], None]) -> Iterator[str]:
        """Start everything and bring it into service. Yields what is done next, before it is.

        `unsealed` is called when Vault is. When anything fails, `down` is called first, so that nobody waits on.
        """
        yield "starting servers"
        for name, server in self._servers.items():
            server.start(more=(workload.WAIT,) if name in SERVICES else ())
        with waiters(len(self._servers), down) as pool:
            waits = [pool.submit(self.into_service, name) for name in COMPONENTS if name not in TEAMS]
            waits += [pool.submit(self.into_service, PROXY)]
            waits += [pool.submit(self.into_service, name) for name in SERVICES]
            waits[0].result()
            unsealed()
            _all_results(waits)
            yield "deploying services"
            _all_results([pool.submit(self._deploy, name) for name in TEAMS])

    def into_service(self, name: str) -> None:
        """Wait until a component does its work; Vault is unsealed. Of a service, only its supervisor is waited for."""
        at = self._site.proxy if name == PROXY else self._site.behind[name]
        match name:
            case "proxy":
                self._await(name, lambda: proxy.listening(at))
            case "vault":
                self._await(name, vault.VaultClient(at).listening)
                self._unseal(vault.VaultClient(at))
            case "dns" | "resolver":
                self._await(name, lambda: dns.listening(at))
            case "registry":
                self._await(name, lambda: registry.listening(at))
            case _:
                self._await(name, lambda: workload.reachable(self._site.itself(name)))

    def serving(self, name: str) -> None:
        """Wait until a team's service, which comes up by itself, serves."""
        self._await(name, lambda: workload.serves(self._site.itself(name)))

    def _await(self, name: str, ready: Callable[[], bool]) -> None:
        server = self._servers[name]
        seen = wait_until(lambda: ready() or not _hopeful(server), START_LIMIT_S, every_s=self._every_s)
        if seen and _hopeful(server):
            return
        if server.says(_TAKEN):
            raise PortTaken(name)
        raise _failed(server, "did not come into service")

    def _unseal(self, client: vault.VaultClient) -> None:
        server = self._servers["vault"]
        try:
            client.unseal(self._keys.keys, lambda: _hopeful(server))
        except (Refused, OSError, HTTPException) as error:
            raise _failed(server, f"cannot be unsealed: {error}") from error

    def _deploy(self, name: str) -> None:
        try:
            workload.deploy(self._site.itself(name))
        except (Refused, OSError) as error:
            if self._servers[name].says(_TAKEN):  # two may have bound it; the one that listens first has it
                raise PortTaken(name) from error
            raise self._servers[name].failed(f"could not be deployed: {error}") from error


@contextmanager
def waiters(number: int, down: Callable[[], None]) -> Iterator[ThreadPoolExecutor]:
    """Threads that wait for servers; when one fails, or a person breaks it off, the servers end first: nobody waits on."""
    pool = ThreadPoolExecutor(number)
    try:
        yield pool
    except BaseException:
        down()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _hopeful(server: Handle) -> bool:
    """Whether it makes sense to wait for a server."""
    return server.running() and not server.says(_NO_ROOM)


def _failed(server: Handle, what: str) -> ReplicaError:
    return server.failed("has no room left on its disk" if server.says(_NO_ROOM) else what)


def _all_results(waits: Sequence[Future[None]]) -> None:
    """Wait for all of them; the first that failed is raised."""
    for each in waits:
        each.result()

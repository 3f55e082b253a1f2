"""One component of a user's platform: its container, and the two beside it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blackstart.errors import ReplicaError
from blackstart.replica.asking import Refused
from blackstart.replica.containers.kept import Kept
from blackstart.replica.containers.server import ContainerServer
from blackstart.replica.foreign.links import LINKS, Beside
from blackstart.replica.foreign.sidecar import sidecar_of
from blackstart.replica.layout import HOST
from blackstart.replica.probing import connect
from blackstart.replica.waiting import wait_until
from blackstart.source import format_duration
from blackstart.toxics.errors import ProxyRefused
from blackstart.toxics.toxiproxy import Toxiproxy

if TYPE_CHECKING:
    from blackstart.replica.containers.engine import Engine
    from blackstart.replica.containers.found import Container
    from blackstart.replica.foreign.judge import Service
    from blackstart.replica.foreign.override import Places

__all__ = ["Member", "slow"]

LEAD_LIMIT_S = 30.0
"""Real seconds for its proxy to stand before it again."""

CONNECT_S = 1.0

_MUTE = (OSError, HTTPException, ProxyRefused)
"""What asking a Toxiproxy raises that has just been started: it refuses what is of proxies that it was not told of yet."""


class Led(ContainerServer):
    """A component's own container: whoever puts it on a network again has its proxy dial where it is then."""

    def __init__(self, member: Member, engine: Engine, label: str, project: str, folder: Path) -> None:
        super().__init__(member.service.component, engine, label, project, folder, member.service.name)
        self._member = member

    def connect(self, attachment: Mapping[str, Any]) -> None:
        super().connect(attachment)
        self._member.lead()

    def led_to(self) -> bool:
        return self._member.led_to()


class Member:
    """A component, and what stands before it. Safe from any process and thread. Errors: ReplicaError."""

    def __init__(
        self,
        service: Service,
        places: Places,
        engine: Engine,
        label: str,
        project: str,
        folder: Path,
        limit_s: float,
    ) -> None:
        def handle(name: str, of: str) -> ContainerServer:
            return ContainerServer(name, engine, label, project, folder, of)

        self.service = service
        self._limit_s = limit_s
        self.server = Led(self, engine, label, project, folder)
        self.address = places.address(service.name, service.ports[0]) if service.ports else None
        self.beside: Beside | None = None
        self._joining = Kept(folder / LINKS / f"{service.component}-joining.json", service.name)
        if service.proxied:
            sidecar = sidecar_of(service)
            self.proxy = handle(sidecar.proxy, sidecar.proxy)
            self._redirect = handle(sidecar.redirect, sidecar.redirect)
            client = Toxiproxy(HOST, places.apis[service.component])
            self.beside = Beside(service.component, sidecar.proxies().values(), client, folder)

    @property
    def names(self) -> tuple[str, ...]:
        """The compose services that it consists of."""
        beside = [self.proxy.name, self._redirect.name] if self.beside else []
        return (self.service.name, *beside)

    def start(self) -> bool:
        """Start it, with its proxy before it, and what is wanted of that put back once it is in service.

        False, and nothing happens, when it runs.
        """
        if not self.server.start():
            return False
        self.come_back()
        return True

    def come_back(self) -> None:
        """Once it was started: its proxy before it, and what is wanted of that as soon as it is in service."""
        self._rejoin()
        self.await_service()
        if _addresses(self.server.look()):  # else nobody answers: whoever puts it on a network restores
            self.restore()

    def lead(self) -> None:
        """Once its networks have changed: have its proxy dial where it is now, with what was wanted of the old one."""
        if self._rejoin():
            self.restore()

    def _rejoin(self) -> bool:
        """Have the proxy in the network namespace of now, where a container that is started gets a new one, and have it
        dial an address of now: docker gives it another when it is put on a network again.

        False, and nothing happens, when that is so, or when nobody can connect: it does not run, or is on no network.
        """
        if self.beside is None:
            return False
        with self._joining.locked():
            if not _addresses(self.server.look()) or self.led_to():
                return False
            self._renew()
        return True

    def _renew(self) -> None:
        """A proxy that has just been started, and every connection led through it."""
        self.proxy.stop(0)
        self.proxy.start()
        self._redirect.start()
        ended = wait_until(lambda: not self._redirect.running(), LEAD_LIMIT_S)
        if not ended or self._redirect.look().state.get("ExitCode"):
            raise self._redirect.failed(
                f"could not lead the connections to {self.service.component} by its proxy"
            )

    def resume(self) -> None:
        """Let it go on, with a new proxy before it, which has what was wanted of the old one.

        Toxiproxy dials one connection at a time. What it began while nobody answered, the kernel tries again ever more
        seldom: after two minutes the next try is half a minute away, and everybody would wait for it.
        """
        paused = self.server.paused()
        self.server.resume()
        if paused and self.beside is not None:
            with self._joining.locked():
                self._renew()
            self.restore()

    def led_to(self) -> bool:
        """Whether connections to it pass its proxy, and arrive: the proxy, and after it the rules, came up after the
        component last did, and it dials an address that the component has.
        """
        if self.beside is None:
            return True
        server, proxy, redirect = (each.look() for each in (self.server, self.proxy, self._redirect))
        at = [_began(each) for each in (server, proxy, redirect)]
        led = not redirect.runs and not redirect.state.get("ExitCode")
        return proxy.runs and led and at == sorted(at) and _dials(self.beside, _addresses(server))

    def restore(self) -> None:
        """Put back what is wanted of the proxy as soon as it answers, while it runs: a busy machine loses no toxic."""
        beside = self.beside
        if beside is not None:
            wait_until(lambda: _restored(beside) or not self.proxy.running(), LEAD_LIMIT_S)

    def await_service(self) -> None:
        """Wait until it is healthy; where nothing checks that, until its first port takes connections."""
        served = wait_until(lambda: not self._hopeful() or self._serves(), self._limit_s)
        if served and self._hopeful():
            return
        error = self.server.failed("did not come into service")
        raise error if served else ReplicaError(error.message, hint=f"{slow(self._limit_s)}; {error.hint}")

    def _hopeful(self) -> bool:
        return self.server.running()

    def _serves(self) -> bool:
        health = self.server.look().health()
        if health or self.address is None:
            return health in ("", "healthy")
        try:
            connect(self.address, CONNECT_S)
        except (OSError, Refused):
            return False
        return True


def slow(limit_s: float) -> str:
    """The next move of whoever waited so long for a platform of their own in vain."""
    more = format_duration(max(300.0, 2 * limit_s))
    return f"it had {format_duration(limit_s)}; a plan can give it more: `docker: {{up_within: {more}}}`"


def _addresses(container: Container) -> set[str]:
    """None while it does not run."""
    return {str(each["IPAddress"]) for each in container.networks.values() if each.get("IPAddress")}


def _dials(beside: Beside, addresses: set[str]) -> bool:
    """Whether its proxy answers, and says that it dials one of these."""
    with suppress(*_MUTE):
        upstreams = {proxy["upstream"].rpartition(":")[0] for proxy in beside.proxies().values()}
        return bool(upstreams) and upstreams <= addresses
    return False


def _restored(beside: Beside) -> bool:
    """Whether it answered, and took it all."""
    try:
        beside.restore()
    except _MUTE:
        return False
    return True


def _began(container: Container) -> str:
    """Sorts as the moments do."""
    began = container.began_at()
    return began.isoformat(timespec="microseconds") if began else ""

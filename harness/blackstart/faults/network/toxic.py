"""Faults in the fault proxy: what is added to a component's connections, and how exactly that is taken away.

Toxics carry the fault's name, so that adding them again changes nothing and healing knows its own. The undo
keeps where each proxy listens: a proxy of the same name that listens elsewhere is another drill's.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, runtime_checkable

from blackstart.errors import ReplicaError
from blackstart.faults.base import Fault, Undo
from blackstart.replica.programs.httpclient import why
from blackstart.toxics.errors import ProxyRefused
from blackstart.toxics.links import RELEASED

if TYPE_CHECKING:
    from blackstart.replica.base import Replica
    from blackstart.replica.foreseen import Foreseen
    from blackstart.toxics.base import FaultProxy

__all__ = [
    "PROXIED",
    "Direction",
    "Proxied",
    "Toxic",
    "ToxicFault",
    "from_proxy",
    "ours",
    "proxied",
    "proxies_of",
    "toxics_in",
]

Direction = Literal["upstream", "downstream", "both"]
"""Seen from the client: `upstream` are its requests, `downstream` the answers."""


PROXIED = ("local", "compose")
"""The replicas whose every connection passes a fault proxy."""


@runtime_checkable
class Proxied(Protocol):
    """A replica whose connections pass a fault proxy."""

    @property
    def proxy(self) -> FaultProxy: ...

    def proxies_of(self, component: str) -> tuple[str, ...]: ...

    def address_of(self, client_name: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Toxic:
    """One toxic to add. `label` tells several of one fault in one proxy apart; the stream when left out."""

    type: str
    stream: str = "downstream"
    attributes: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""

    def add_to(self, proxy: str, name: str, client: FaultProxy, clients: Sequence[str]) -> None:
        client.add(
            proxy, self.type, name=name, stream=self.stream, attributes=self.attributes, clients=clients
        )


class ToxicFault(Fault):
    """Adds toxics to every proxy of its target."""

    replicas: ClassVar[tuple[str, ...]] = PROXIED
    fix: ClassVar[str] = "take it out of the network: network restore NAME"
    undone: ClassVar[str] = "takes its toxics out of the proxies"
    unseen_by: ClassVar[tuple[str, ...]] = ("tcp", "exec")

    @abstractmethod
    def toxics(self, protocol: str) -> Sequence[Toxic]:
        """What to add to a proxy of that protocol ("tcp", "http" or "udp"); nothing where it makes no sense."""

    def marks(self) -> tuple[str, ...]:
        """More words for the toxics' names."""
        return ()

    def only_from(self, replica: Replica) -> tuple[str, ...]:
        """The addresses of the clients that it acts on; none: all."""
        return ()

    def only_ours(self) -> str:
        """The proxy that stands there is a Toxiproxy alone, and its links are over TCP."""
        beyond = {toxic.type for toxic in self.toxics("tcp")} - RELEASED
        unknown = f"its proxy is a Toxiproxy, which has no {', '.join(sorted(beyond))}" if beyond else ""
        return super().only_ours() or unknown

    def lacks(self, there: Foreseen) -> str:
        return there.no_proxy

    def prepare(self, replica: Replica, target: str) -> Undo:
        found = proxies_of(replica, target)
        named = {proxy: self._named(about["protocol"]) for proxy, about in found.items()}
        named = {proxy: toxics for proxy, toxics in named.items() if toxics}
        if not named:
            raise ReplicaError(f"{self.name} makes no sense on {target}: its proxies are {', '.join(found)}")
        for proxy, toxics in named.items():
            _demand_none_of(found[proxy], toxics, target)
        return {
            "listens": {proxy: found[proxy]["listen"] for proxy in named},
            "toxics": {proxy: list(toxics) for proxy, toxics in named.items()},
        }

    def _named(self, protocol: str) -> dict[str, Toxic]:
        kind = self.name.rpartition(".")[2]
        return {
            "-".join(["blackstart", kind, toxic.label or toxic.stream, *self.marks()]): toxic
            for toxic in self.toxics(protocol)
        }

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        """Add what is missing, and give what is there its values of now."""
        client, clients = proxied(replica).proxy, self.only_from(replica)
        found = proxies_of(replica, target)
        with from_proxy(f"{self.name} on {target} cannot be injected"):
            for proxy in undo["toxics"]:
                there = toxics_in(found[proxy])
                for name, toxic in self._named(found[proxy]["protocol"]).items():
                    if name in there:
                        client.update(proxy, name, attributes=toxic.attributes)
                    else:
                        toxic.add_to(proxy, name, client, clients)

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        """Take the toxics away. Where the proxy's process is gone, so are they."""
        for proxy in ours(replica, undo):
            with from_proxy(f"{self.name} on {target} cannot be healed"):
                for name in undo["toxics"][proxy]:
                    proxied(replica).proxy.remove(proxy, name)

    def gone(self, replica: Replica, target: str, undo: Undo) -> bool:
        """Whether no toxic of it is left. One that cannot be asked about is taken to be there."""
        try:
            left = ours(replica, undo)
        except ReplicaError:
            return False
        return not any(set(undo["toxics"][proxy]) & toxics_in(about) for proxy, about in left.items())


def proxied(replica: Replica) -> Proxied:
    """The replica, as one with a fault proxy. ReplicaError for another."""
    if not isinstance(replica, Proxied):
        raise ReplicaError(f"the replica {replica.name} has no fault proxy: its network cannot be broken")
    return replica


@contextmanager
def from_proxy(what: str) -> Iterator[None]:
    """While it lasts, what the proxy refuses and its silence become a ReplicaError that begins with `what`."""
    try:
        yield
    except (OSError, HTTPException, ProxyRefused) as error:
        raise ReplicaError(f"{what}: the fault proxy says {why(error)}") from error


def proxies_of(replica: Replica, target: str) -> dict[str, dict[str, Any]]:
    """Every proxy of a component, as the proxy itself describes it. ReplicaError when it does not answer."""
    whole = proxied(replica)
    with from_proxy(f"the connections of {target} cannot be looked at"):
        found = whole.proxy.proxies()
    return {name: found[name] for name in whole.proxies_of(target) if name in found}


def ours(replica: Replica, undo: Undo) -> dict[str, dict[str, Any]]:
    """The proxies that the fault noted, as they are now; none when the proxy's process is gone."""
    with from_proxy("whether the network is broken cannot be seen"):
        found = _unless_gone(proxied(replica).proxy)
    listens: Mapping[str, str] = undo["listens"]
    return {name: found[name] for name in listens if name in found and found[name]["listen"] == listens[name]}


def _unless_gone(client: FaultProxy) -> dict[str, dict[str, Any]]:
    try:
        return dict(client.proxies())
    except ConnectionRefusedError:
        return {}


def toxics_in(about: Mapping[str, Any]) -> set[str]:
    """The names of a proxy's toxics, as it describes itself."""
    return {toxic["name"] for toxic in about["toxics"]}


def _demand_none_of(about: Mapping[str, Any], toxics: Mapping[str, Toxic], target: str) -> None:
    there = sorted(toxics_in(about) & set(toxics))
    if there:
        raise ReplicaError(
            f"the proxy {about['name']} has the toxic {there[0]} already: it is broken in this way before the fault",
            hint=f"network restore {target} takes it away",
        )

"""What the faults of a network have in common: on which connections, and the probe that sees them.

On the proxies of DNS that carry UDP, the toxics are the datagrams' own: delay, drop, or the proxy down. What acts
on connections alone is refused there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from blackstart.faults.network.questions import answer_probe, demand_ours, is_ours, question_of
from blackstart.faults.network.toxic import Direction, Toxic, ToxicFault, proxied

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blackstart.faults.base import Undo
    from blackstart.replica.base import Probe, Replica
    from blackstart.replica.foreseen import Foreseen

__all__ = ["DATAGRAMS", "OWN", "ClientName", "LinkFault", "everywhere", "ms", "streams"]

ClientName = Literal["people", "probes", "resolver", "payments", "orders", "search", "canary"]

DATAGRAMS = ("dns", "resolver")
"""The kinds that go by datagrams first: what breaks connections alone would not break them."""

OWN = "{probe}"


def ms(seconds: float) -> int:
    return max(1, round(seconds * 1000))


def streams(direction: Direction) -> tuple[str, ...]:
    return ("upstream", "downstream") if direction == "both" else (direction,)


class LinkFault(ToxicFault):
    """A fault of the connections to one component, of all of its clients or of some."""

    kinds: ClassVar[tuple[str, ...]] = ("*",)
    asks: ClassVar[int] = 1
    """How many answers the probe wants in a row."""
    tries: ClassVar[int] = 2
    """How often it tries to get each. All of it must be over before a probe's time is (`asking.TIMEOUT_S`)."""

    clients: tuple[ClientName, ...] = Field(
        default=(), description="whose connections it acts on; everybody's when left out"
    )

    def limit_s(self) -> float:
        """Seconds after which an answer is too late for the brought probe."""
        return 0.9

    def only_from(self, replica: Replica) -> tuple[str, ...]:
        return tuple(map(proxied(replica).address_of, self.clients))

    def marks(self) -> tuple[str, ...]:
        return ("for", *self.clients) if self.clients else ()

    def probe_name(self, target: str, own: str) -> str:
        """`turns_red`; with chosen clients a probe of its own, which asks as the first of them."""
        return "-".join([super().probe_name(target, own), *self.marks()])

    def resources(self, target: str) -> frozenset[str]:
        """This kind of fault on this component, for each client."""
        kind = f"{target}/network/{self.name.rpartition('.')[2]}"
        return frozenset(f"{kind}/{client}" for client in self.clients) or frozenset([kind])

    def lacks(self, there: Foreseen) -> str:
        """Toxiproxy, which stands there, tells no clients apart."""
        apart = "its proxy tells no clients apart: leave clients out, and everybody meets it"
        return super().lacks(there) or (apart if self.clients else "")

    def prepare(self, replica: Replica, target: str) -> Undo:
        """ReplicaError too when no probe could ask as one of the clients: nobody would see the fault."""
        if self.clients:
            demand_ours(self.source(replica), f"{self.name} for {', '.join(self.clients)}")
        return super().prepare(replica, target)

    def source(self, replica: Replica) -> str:
        """The address that the brought probe asks from: the first of the clients that this machine can be."""
        whose = self.clients or ("probes",)
        addresses = [proxied(replica).address_of(name) for name in whose]
        return next(filter(is_ours, addresses), addresses[0])

    def probe(self, replica: Replica, target: str) -> Probe | None:
        if self.turns_red == OWN and not self.clients:
            return None
        own = next((probe.name for probe in replica.probes() if probe.subject == target), target)
        question = question_of(replica, target, self.source(replica))
        name = self.probe_name(target, own)
        return answer_probe(name, target, question, limit_s=self.limit_s(), times=self.asks, tries=self.tries)


def everywhere(direction: Direction, type: str, attributes: Mapping[str, object]) -> Sequence[Toxic]:
    """The same toxic on each of the streams."""
    return [Toxic(type, stream, attributes) for stream in streams(direction)]

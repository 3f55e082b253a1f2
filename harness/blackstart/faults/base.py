"""What a fault is: one small class that breaks one thing, sees that it is broken, and can undo it.

The class is a pydantic model: its fields are the parameters that a scenario may give. Everything else that
the catalogue tells of it stands in class variables. `prepare` looks and touches nothing; what it returns is
durable in the ledger before `inject` runs, and `heal` needs nothing else.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from blackstart.replica.base import Probe, Replica
    from blackstart.replica.foreseen import Foreseen
    from blackstart.scenario import Part

__all__ = ["Fault", "Move", "Undo"]

Undo = Mapping[str, Any]
"""Plain JSON values; written to the ledger, read back by any process."""


@dataclass(frozen=True, slots=True)
class Move:
    """Something that a fault does later on, `after_s` drill seconds from its injection.

    `ends`: after it the fault is over, and the engine heals and proves it as at the end of the drill. `off`: after it
    nothing is broken until the next move. `seen`: the engine waits until the probes say so, red after a move that
    breaks, green after one that is `off`. `do` may be called again, when a drill is resumed.
    """

    after_s: float
    name: str
    do: Callable[[], None]
    ends: bool = False
    off: bool = False
    seen: bool = False


class Fault(BaseModel, ABC):
    """One way to break a component. Parameters are its fields; unknown ones are refused.

    `name` is what a scenario writes ("vault.seal"). `kinds` are the component kinds it can break, ("*",) any but
    those in `spares`; `replicas` the replicas that support it. `turns_red` is the probe that must turn red,
    `within_s` real seconds after the injection at the latest. `seen` says what a person would see, `fix` what fixes
    it for real, `undone` what the harness does to undo it, as in "starts it". `holds` are the resources that it needs
    for itself: two faults that hold the same one fight, and one that holds "vault" holds everything below it, such as
    "vault/seal". In `turns_red` and `holds`, {target} stands for the target, {probe} for the target's own probe (the
    first that the platform map gives it), and a field's name in braces for that parameter.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: ClassVar[str]
    summary: ClassVar[str]
    kinds: ClassVar[tuple[str, ...]]
    spares: ClassVar[tuple[str, ...]] = ()
    replicas: ClassVar[tuple[str, ...]] = ("local",)
    turns_red: ClassVar[str] = "{probe}"
    within_s: ClassVar[float] = 5.0
    seen: ClassVar[str]
    fix: ClassVar[str]
    undone: ClassVar[str] = "undoes what it did"
    holds: ClassVar[tuple[str, ...]] = ("{target}",)
    grows_by: ClassVar[tuple[str, ...]] = ()
    """The numeric parameters that a scenario's `ramp` may let grow; none: the fault is there or it is not."""
    ours_only: ClassVar[bool] = False
    """Whether it needs what only blackstart's own replicas have: Vault's keys, the zones, the images."""
    unseen_by: ClassVar[tuple[str, ...]] = ()
    """The kinds of check that stay green in spite of it: a mere connection (tcp), a command in the container (exec)."""

    @classmethod
    def suits(cls, kind: str) -> bool:
        """Whether it can break components of that kind."""
        return kind in cls.kinds or ("*" in cls.kinds and kind not in cls.spares)

    @classmethod
    def suited(cls) -> str:
        """What it can break, in words."""
        if "*" not in cls.kinds:
            return ", ".join(cls.kinds)
        return f"any component but {', '.join(cls.spares)}" if cls.spares else "any component"

    def about(self) -> type[Fault]:
        """The class that says what this fault is; a wrapper answers with the one inside."""
        return type(self)

    def parameters(self) -> dict[str, Any]:
        """Its parameters as plain JSON, for the ledger."""
        return self.model_dump(mode="json")

    @abstractmethod
    def prepare(self, replica: Replica, target: str) -> Undo:
        """All that healing will need; no secret, for it goes to disk. Touches nothing.

        ReplicaError when the undo cannot work, so that nothing is injected.
        """

    @abstractmethod
    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        """Break it. Called again with the same undo when a drill is resumed: what is broken stays so.

        ReplicaError when it cannot be broken; what was half done is undone by `heal`.
        """

    @abstractmethod
    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        """Undo it from `undo` alone: in any process, again and again, also when people have fixed it already.

        Where the component is gone there is nothing to undo in it: that is no error. What lies in files is put
        back all the same. ReplicaError when it cannot be undone.
        """

    @abstractmethod
    def gone(self, replica: Replica, target: str, undo: Undo) -> bool:
        """Whether what was broken is whole, whoever mended it. Looks and touches nothing."""

    def probe(self, replica: Replica, target: str) -> Probe | None:
        """The probe called `turns_red`, when the replica has none of that name: it is read all through the drill."""
        return None

    def moves(self, replica: Replica, target: str, undo: Undo) -> Sequence[Move]:
        """What it goes on to do after `inject`, in drill time. Most faults stay as they are."""
        return ()

    def probe_name(self, target: str, own: str) -> str:
        """`turns_red` for this target, whose own probe is `own`."""
        return self.turns_red.format(target=target, probe=own, **self.parameters())

    def probe_names(self, target: str, own: Callable[[str], str]) -> tuple[str, ...]:
        """Every probe that must turn red; one, but for a fault of several parts. `own`: a target's own probe."""
        return (self.probe_name(target, own(target)),)

    def only_ours(self) -> str:
        """Why no component of a user's own platform can ever be broken so, in words; empty when one can.

        What they could give it is for `lacks`.
        """
        return "it needs what only blackstart's own replica has" if self.ours_only else ""

    def lacks(self, there: Foreseen) -> str:
        """What a component of a user's own platform lacks for it, in words; empty when it can be broken so.

        Asked before anything runs; what only a running replica shows, `prepare` refuses.
        """
        return ""

    def members(self, target: str) -> Sequence[tuple[Fault, str]]:
        """What it breaks, each with its target: itself, or its parts.

        Raises what making a part raises: UsageError, pydantic's ValidationError.
        """
        return [(self, target)]

    def composed(self) -> Mapping[tuple[str | int, ...], Part]:
        """The parts it is made of, by where they stand among its parameters; most faults have none."""
        return {}

    def grown(self, share: float) -> Fault:
        """The same fault with this share, from 0 to 1, of what it grows by."""
        values = {
            name: type(value)(value * share)
            for name in self.grows_by
            if isinstance(value := getattr(self, name), int | float)
        }
        return self.model_copy(update=values)

    def resources(self, target: str) -> frozenset[str]:
        """`holds` for this target."""
        return frozenset(each.format(target=target, **self.parameters()) for each in self.holds)

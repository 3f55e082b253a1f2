"""What is known of a component before anything runs: enough to say whether a fault can be had on it, and be seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from blackstart.replica.containers.files import Mount

__all__ = ["Choice", "Choose", "Foreseen"]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One component of a user's own compose file. `kind` is what the map calls it; without a map, its label.

    `no_proxy` and `no_network` say why no fault proxy stands before it, and why it is on no network of its own; both
    are empty where there is one.
    """

    component: str
    service: str
    kind: str
    sidecars: tuple[str, ...] = ()
    no_proxy: str = ""
    no_network: str = ""
    certain: bool = True
    """False: its image is not here yet, so its ports are not known."""
    mounts: tuple[Mount, ...] = ()
    """The volumes that the drill makes for it."""
    question: str = ""
    """The kind of check that faults' own probes ask of it ("http"); empty where nothing of it can be asked."""
    own_probe: str = ""
    probes: Mapping[str, str] = field(default_factory=dict)
    """Every probe of the platform, with its kind of check where it asks this component, empty where another."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One fault of the catalogue for one component. `why_not` is empty where it can be had.

    `never`: nothing that their file or their map could say would change that.
    """

    fault: str
    why_not: str = ""
    never: bool = False


Choose = Callable[[Foreseen], Sequence[Choice]]
"""What of the catalogue there is for a component."""

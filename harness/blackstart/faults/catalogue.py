"""Finding a fault by the name that a scenario gives it: an entry point of the group `blackstart.faults`.

A fault of another package is found the same way as our own; none is known by name to the core.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, cast

from pydantic import ValidationError

from blackstart.errors import UsageError

if TYPE_CHECKING:
    from blackstart.faults.base import Fault
    from blackstart.faults.ledger import Row

__all__ = ["GROUP", "load", "names", "of_row"]

GROUP = "blackstart.faults"


@cache
def _found() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}


def names() -> tuple[str, ...]:
    """Every fault that is installed, sorted. Imports none of them."""
    return tuple(sorted(_found()))


def load(name: str) -> type[Fault]:
    """The fault of that name. UsageError, with a suggestion, when there is none or it cannot be imported."""
    point = _found().get(name)
    if point is None:
        near = get_close_matches(name, names(), n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(names()) or 'none installed'}"
        raise UsageError(f"no fault is called {name!r}", hint=hint)
    try:
        return cast("type[Fault]", point.load())
    except (Exception, SystemExit) as error:  # whatever another package's import does: the others must be had
        raise UsageError(
            f"the fault {name} cannot be loaded from {point.value}: {type(error).__name__}: {error}",
            hint="reinstall the package that brings it",
        ) from error


def of_row(row: Row) -> Fault:
    """The fault of a ledger's row, ready to heal. UsageError when it is not installed any more.

    Parameters that today's version would refuse are taken as they are: healing must go on.
    """
    kind = load(row.type)
    try:
        return kind.model_validate(dict(row.params))
    except ValidationError:
        return kind.model_construct(**row.params)

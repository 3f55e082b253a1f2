"""What a report takes from the files that a drill was run from, which the record's header has whole.

An old or a damaged record may hold files that no longer parse: then the report does without them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from blackstart.events import DrillOpened, Event, FaultIntended
from blackstart.render.clean import one_line

if TYPE_CHECKING:
    from blackstart.platform import Platform
    from blackstart.scenario import Scenario

__all__ = ["Told", "told"]


@dataclass(frozen=True, slots=True)
class Told:
    """The scenario's story, what it blocks, and who owns what broke."""

    story: str = ""
    blocks: list[str] = field(default_factory=list)
    owners: list[str] = field(default_factory=list)
    runbooks: list[str] = field(default_factory=list)

    def owner_of(self, where: str) -> str:
        """Whoever owns what broke owns its runbook. Who owns a rule of the protocol, no map says."""
        return ", ".join(self.owners) if where.rpartition(":")[0] in self.runbooks else ""


def told(events: Sequence[Event]) -> Told:
    """Everything that could be read."""
    files = {}
    for event in events:
        if isinstance(event.body, DrillOpened):
            files = {one.get("kind", ""): one for one in event.body.inputs}
    scenario, platform = _scenario(files), _platform(files)
    targets = dict.fromkeys(event.body.target for event in events if isinstance(event.body, FaultIntended))
    owners = [platform.components[name].owner for name in targets if platform and name in platform.components]
    return Told(
        one_line(scenario.story, 1000) if scenario else "",
        [one_line(name) for name in scenario.blocks] if scenario else [],
        [one_line(owner) for owner in dict.fromkeys(owners)],
        [files["runbook"].get("path", "")] if "runbook" in files else [],
    )


def _scenario(files: Mapping[str, Mapping[str, str]]) -> Scenario | None:
    from blackstart.errors import InputError
    from blackstart.scenario import Scenario
    from blackstart.source import recorded_text

    try:
        return recorded_text(Scenario, files["scenario"]["text"], files["scenario"]["path"])
    except (InputError, KeyError):
        return None


def _platform(files: Mapping[str, Mapping[str, str]]) -> Platform | None:
    from blackstart.errors import InputError
    from blackstart.platform import Platform
    from blackstart.source import recorded_text

    try:
        return recorded_text(Platform, files["platform"]["text"], files["platform"]["path"])
    except (InputError, KeyError):
        return None

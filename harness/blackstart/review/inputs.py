"""The files that a drill was run from, out of the record's header: review never reads the disk for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from blackstart import runbook as runbooks
from blackstart.errors import RecordError
from blackstart.platform import Platform
from blackstart.protocol import Protocol
from blackstart.review.model import Where
from blackstart.scenario import Scenario
from blackstart.source import Model, Place, recorded_text
from blackstart.yamltree import Node, parse

if TYPE_CHECKING:
    from blackstart.events import DrillOpened
    from blackstart.runbook import Runbook

__all__ = ["Inputs", "inputs_of"]

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Inputs:
    """What people had in hand, parsed."""

    scenario: Scenario
    protocol: Protocol
    runbook: Runbook
    platform: Platform
    protocol_path: str
    protocol_text: str = field(repr=False)
    scenario_path: str
    scenario_text: str = field(repr=False)

    @cached_property
    def _protocol_tree(self) -> Node | None:
        return parse(self.protocol_text, self.protocol_path)[0]

    def rule(self, *place: str) -> Where:
        """Where the protocol says something; a default that was not written is shown at what stands above it."""
        path: Place = place
        tree = self._protocol_tree
        if tree is None:
            return Where(self.protocol_path, 1)
        above = tree.find(path[:-1])
        key = above.keys.get(str(path[-1]))
        return Where(self.protocol_path, key[0] if key else above.line)

    def inject(self, inject: str) -> Where:
        """Where the scenario has that inject; its first line for one that it has not."""
        tree = parse(self.scenario_text, self.scenario_path)[0]
        place = next((n for n, each in enumerate(self.scenario.injects) if each.id == inject), None)
        if tree is None or place is None:
            return Where(self.scenario_path, 1)
        return Where(self.scenario_path, tree.find(("injects", place)).line)

    @property
    def clean_window_s(self) -> float:
        """The scenario's own clean window, else the protocol's."""
        own = self.scenario.clean_window
        return self.protocol.clean_window if own is None else own

    @property
    def sustained_s(self) -> float:
        """How long green must last to be more than a flap."""
        own = self.scenario.recovered.sustained
        return self.protocol.sustained if own is None else own


def inputs_of(opened: DrillOpened) -> Inputs:
    """Errors: RecordError when the header lacks a file; InputError when one is no longer valid by today's rules."""
    protocol_path, protocol_text = _file(opened, "protocol")
    runbook_path, runbook_text = _file(opened, "runbook")
    return Inputs(
        _model(opened, "scenario", Scenario),
        recorded_text(Protocol, protocol_text, protocol_path),
        runbooks.parse(runbook_text, runbook_path),
        _model(opened, "platform", Platform),
        protocol_path,
        protocol_text,
        *_file(opened, "scenario"),
    )


def _model(opened: DrillOpened, kind: str, model: type[M]) -> M:
    path, text = _file(opened, kind)
    return recorded_text(model, text, path)


def _file(opened: DrillOpened, kind: str) -> tuple[str, str]:
    for file in opened.inputs:
        if file.get("kind") == kind:
            return file["path"], file["text"]
    raise RecordError(
        f"the record of {opened.drill} lacks the {kind} that it was run from",
        hint="blackstart verify says whether the record is what was written",
    )

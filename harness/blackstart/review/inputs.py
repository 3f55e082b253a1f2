"""What the drill was run from, parsed from the texts in its own record: review reads no disk."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from blackstart import runbook as runbooks
from blackstart.crew import Crew
from blackstart.errors import RecordError
from blackstart.platform import Platform
from blackstart.protocol import Protocol
from blackstart.scenario import Scenario
from blackstart.source import Model, parse_text

if TYPE_CHECKING:
    from blackstart.events import DrillOpened
    from blackstart.runbook import Runbook

__all__ = ["Inputs", "parse_inputs"]

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Inputs:
    """The files of a drill, typed; `files` has (path, text) by kind."""

    scenario: Scenario
    protocol: Protocol
    runbook: Runbook
    platform: Platform
    crew: Crew
    files: dict[str, tuple[str, str]]

    def line_of(self, kind: str, *keys: str) -> tuple[str, int]:
        """The file of that kind and the line at which the innermost of these nested keys stands; 1 if unwritten."""
        path, text = self.files[kind]
        lines = text.split("\n")
        at = 0
        for depth, key in enumerate(keys):
            pattern = re.compile(
                rf"^\s{{{2 * depth},}}[\"']?{re.escape(key)}[\"']?\s*:"
                if depth
                else rf"^{re.escape(key)}\s*:"
            )
            found = next((n for n in range(at, len(lines)) if pattern.match(lines[n])), None)
            if found is None:
                break
            at = found
        return path, at + 1


def parse_inputs(header: DrillOpened) -> Inputs:
    """Errors: RecordError when the record lacks a file; InputError when one does not parse by today's models."""
    files = {one["kind"]: (one["path"], one["text"]) for one in header.inputs}
    missing = [kind for kind in ("scenario", "protocol", "runbook", "platform", "crew") if kind not in files]
    if missing:
        raise RecordError(
            f"the record has no {missing[0]} to judge by", hint="it was not written by blackstart run"
        )
    runbook_path, runbook_text = files["runbook"]
    return Inputs(
        _model(Scenario, files["scenario"]),
        _model(Protocol, files["protocol"]),
        runbooks.parse(runbook_text, runbook_path),
        _model(Platform, files["platform"]),
        _model(Crew, files["crew"]),
        files,
    )


def _model(model: type[M], file: tuple[str, str]) -> M:
    path, text = file
    return parse_text(model, text, path)

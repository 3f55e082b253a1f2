"""What `blackstart doctor --compose FILE` says: of each service, what a drill can do with it and what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from blackstart.errors import UsageError
from blackstart.replica.containers.engine import Engine
from blackstart.replica.foreign.ahead import paper
from blackstart.replica.foreign.foreseeing import foresee
from blackstart.replica.foreign.lacking import lacking, map_of
from blackstart.replica.foreign.override import override
from blackstart.replica.foreign.reading import component_images, judged, profiled, read, sidecar_images

if TYPE_CHECKING:
    from blackstart.platform import Platform
    from blackstart.replica.foreign.judge import Judgement, Published, Service
    from blackstart.replica.foreseen import Choice, Choose

__all__ = ["Line", "Report", "examine", "report_of"]


@dataclass(frozen=True, slots=True)
class Line:
    """One service. Of its published ports, faults of the network reach the `passing` and not the `bypassing`."""

    service: str
    component: str
    kind: str
    ports: tuple[int, ...]
    faults: tuple[str, ...]
    """What it can be broken by, as `run` would have it."""
    not_by: Mapping[str, str]
    """The faults that it cannot be broken by, or that nobody would see, and why."""
    never: tuple[str, ...]
    """Those of `not_by` for which nothing can be done."""
    checks: tuple[str, ...]
    passing: tuple[str, ...]
    bypassing: tuple[str, ...]
    missing: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A whole file. `override` is the file that would be laid over it, with port numbers from 1 on."""

    file: str
    services: tuple[Line, ...]
    refusals: tuple[str, ...]
    warnings: tuple[str, ...]
    override: str = ""
    missing: tuple[str, ...] = ()
    """What a drill of it lacks, here or on the map; sentences."""

    @property
    def ok(self) -> bool:
        """Whether something can be drilled."""
        return not self.refusals and any(line.faults for line in self.services)

    def to_json(self) -> dict[str, Any]:
        return {"ok": self.ok, **asdict(self)}


def examine(file: Path, choose: Choose, root: Path | None = None) -> Report:
    """Look at a compose file, and at the platform map of `root` or else the nearest above it; starts nothing.

    `choose` says which faults there are for a component.

    Errors: UsageError when it is not there, or wrong, in compose's own words; MissingTool without docker or compose.
    """
    with closing(Engine.connect()) as engine, TemporaryDirectory(prefix="blackstart-") as folder:
        config = read(engine, file, "doctor", Path(folder))
        judgement, _ = judged(engine, config)
        every = _with_profiles(engine, file, Path(folder), config)
        absent = {each for each in component_images(config) if not engine.has(each)}
    idle = tuple(profiled(config, every))
    if judgement.refusals:
        return report_of(file, config, judgement, {}, idle)
    platform, missing = lacking(file, judgement, absent, root)
    return report_of(
        file, config, judgement, _choices(judgement, platform, map_of(file, root), choose), (*missing, *idle)
    )


def _with_profiles(engine: Engine, file: Path, folder: Path, config: dict[str, Any]) -> dict[str, Any]:
    """The file with all of its profiles; without, where these are wrong: no drill starts them, and none is refused for it."""
    try:
        return read(engine, file, "doctor", folder, {"COMPOSE_PROFILES": "*"})
    except UsageError:
        return config


def _choices(
    judgement: Judgement, platform: Platform | None, where: Path | None, choose: Choose
) -> dict[str, Sequence[Choice]]:
    """By component. What is not on the map no scenario can name."""
    off = f"it is not on the map, so no scenario can name it: add it to the components of {where}"
    return {
        name: [
            choice
            if platform is None or name in platform.components
            else replace(choice, why_not=off, never=False)
            for choice in choose(there)
        ]
        for name, there in foresee(judgement, platform).items()
    }


def report_of(
    file: Path,
    config: dict[str, Any],
    judgement: Judgement,
    choices: Mapping[str, Sequence[Choice]],
    missing: tuple[str, ...] = (),
) -> Report:
    """The report of a file that was judged. `choices` are of each component."""
    text = ""
    if not judgement.refusals:
        text = override(config, judgement, paper(judgement), sidecar_images(), "blackstart-drill")
    services = tuple(_line(each, choices.get(each.component, ())) for each in judgement.services)
    return Report(str(file), services, judgement.refusals, judgement.warnings, text, missing)


def _line(service: Service, choices: Sequence[Choice]) -> Line:
    return Line(
        service.name,
        service.component,
        service.kind,
        service.ports,
        tuple(choice.fault for choice in choices if not choice.why_not),
        {choice.fault: choice.why_not for choice in choices if choice.why_not},
        tuple(choice.fault for choice in choices if choice.why_not and choice.never),
        tuple(service.checks),
        tuple(map(_port, service.passing)),
        tuple(map(_port, service.bypassing)),
        service.missing,
        service.warnings,
    )


def _port(port: Published) -> str:
    return f"{port.where} to {port.target}/{port.protocol}"

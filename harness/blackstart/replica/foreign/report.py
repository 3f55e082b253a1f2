"""What `blackstart doctor --compose FILE` says: of each service, what a drill can do with it and what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from blackstart.replica.containers.engine import Engine
from blackstart.replica.foreign.ahead import paper
from blackstart.replica.foreign.lacking import lacking
from blackstart.replica.foreign.override import override
from blackstart.replica.foreign.reading import component_images, judged, read, sidecar_images

if TYPE_CHECKING:
    from blackstart.replica.foreign.judge import Judgement, Published, Service

__all__ = ["Line", "Report", "examine", "lines", "report_of"]


@dataclass(frozen=True, slots=True)
class Line:
    """One service. Of its published ports, faults of the network reach the `passing` and not the `bypassing`."""

    service: str
    component: str
    kind: str
    ports: tuple[int, ...]
    faults: tuple[str, ...]
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


def examine(file: Path, root: Path | None = None) -> Report:
    """Look at a compose file, and at the platform map of `root` or else the nearest above it; starts nothing.

    Errors: UsageError when it is not there, or wrong, in compose's own words; MissingTool without docker or compose.
    """
    with closing(Engine.connect()) as engine, TemporaryDirectory(prefix="blackstart-") as folder:
        config = read(engine, file, "doctor", Path(folder))
        judgement, _ = judged(engine, config)
        absent = {each for each in component_images(config) if not engine.has(each)}
    lacks = () if judgement.refusals else lacking(file, judgement, absent, root)
    return report_of(file, config, judgement, tuple(lacks))


def report_of(
    file: Path, config: dict[str, Any], judgement: Judgement, missing: tuple[str, ...] = ()
) -> Report:
    """The report of a file that was judged."""
    text = ""
    if not judgement.refusals:
        text = override(config, judgement, paper(judgement), sidecar_images(), "blackstart-drill")
    services = tuple(map(_line, judgement.services))
    return Report(str(file), services, judgement.refusals, judgement.warnings, text, missing)


def _line(service: Service) -> Line:
    return Line(
        service.name,
        service.component,
        service.kind,
        service.ports,
        service.families,
        tuple(service.checks),
        tuple(map(_port, service.passing)),
        tuple(map(_port, service.bypassing)),
        service.missing,
        service.warnings,
    )


def _port(port: Published) -> str:
    return f"{port.where} to {port.target}/{port.protocol}"


def lines(report: Report) -> Iterator[str]:
    """The report as a person reads it."""
    yield from _table([_row(line) for line in report.services])
    for line in report.services:
        for missing in line.missing:
            yield f"{line.service}: {missing}"
        for port in line.bypassing:
            why = "" if line.component else ": it is no component, so nothing of it is drilled"
            yield f"{line.service}: its published port {port} bypasses the proxy{why}"
        for warning in line.warnings:
            yield f"{line.service}: {warning}"
    yield from report.warnings
    for missing in report.missing:
        yield f"missing: {missing}"
    for refusal in report.refusals:
        yield f"refused: {refusal}"
    if report.ok and any(line.passing for line in report.services):
        yield "every other published port passes the proxy; in a drill each is on 127.0.0.1, on a free number"


def _row(line: Line) -> tuple[str, ...]:
    if not line.component:
        return (line.service, "not drilled", "", "", "")
    ports = " ".join(map(str, line.ports)) or "unknown"
    return (line.service, line.component, line.kind, ports, ", ".join(line.faults))


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    whole = [("service", "component", "kind", "ports", "faults"), *rows]
    widths = [max(len(row[index]) for row in whole) for index in range(len(whole[0]))]
    for row in whole:
        yield "  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip()

"""The map: components, owners, dependencies, blast radius. Reads `scenarios/platform.yaml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from pydantic import Field

from blackstart.checks import Check, check_flaws
from blackstart.source import Flaw, Model, Place, cycles, did_you_mean

__all__ = ["CapabilityNode", "ComponentNode", "Platform", "TeamNode"]


class ComponentNode(Model):
    """One platform system: who owns it, what it needs to work, what it is called in production."""

    owner: str
    about: str = ""
    kind: str = ""
    """What kind of system it is, where that is not its name: faults ask for a kind."""
    needs: list[str] = Field(default_factory=list)
    probes: list[str] = Field(default_factory=list)
    checks: dict[str, Check] = Field(default_factory=dict)
    production: list[str] = Field(default_factory=list)


class CapabilityNode(Model):
    """What teams above need, end to end: ship, observe, authenticate. `words` are how people name it."""

    about: str = ""
    needs: list[str]
    probes: list[str] = Field(default_factory=list)
    checks: dict[str, Check] = Field(default_factory=dict)
    words: list[str] = Field(default_factory=list)


class TeamNode(Model):
    """A service team: its channel, what its running workload needs, and how people name it."""

    channel: str
    needs: list[str] = Field(default_factory=list)
    probes: list[str] = Field(default_factory=list)
    checks: dict[str, Check] = Field(default_factory=dict)
    words: list[str] = Field(default_factory=list)


class Platform(Model):
    """The whole map. `checks` say how each probe asks, where a user's own compose file is drilled. `tools` maps a production tool to the replica's own (`vault` to `bao`)."""

    kind: Literal["platform"]
    components: dict[str, ComponentNode]
    capabilities: dict[str, CapabilityNode]
    teams: dict[str, TeamNode]
    tools: dict[str, str] = Field(default_factory=dict)

    def probes(self) -> set[str]:
        """The name of every probe that the map declares."""
        return {probe for node in self.nodes().values() for probe in node.probes}

    def nodes(self) -> Mapping[str, ComponentNode | CapabilityNode | TeamNode]:
        """Everything on the map, by name."""
        return {**self.components, **self.capabilities, **self.teams}

    def targets(self) -> set[str]:
        """What a fault may break: components, and the workloads of the teams."""
        return {*self.components, *self.teams}

    def own_probe(self, target: str) -> str:
        """The first probe that the map gives a component or team; its name when it gives none."""
        node = self.nodes().get(target)
        return next(iter(node.probes), target) if node else target

    def suffers(self, target: str) -> list[str]:
        """What the map says will suffer when the target is red: all that needs it, directly or through others."""
        found = [target]
        for name in found:
            found += [
                node for node, about in self.nodes().items() if name in about.needs and node not in found
            ]
        return found[1:]

    def flaws(self) -> Iterator[Flaw]:
        """Names that stand twice, needs of what is not there, needs in a circle, checks that ask nothing."""
        yield from self._name_flaws()
        yield from self._check_flaws()
        nodes = self.nodes()
        for section in ("components", "capabilities", "teams"):
            for name, node in getattr(self, section).items():
                for index, need in enumerate(node.needs):
                    if need not in nodes:
                        place: Place = (section, name, "needs", index)
                        yield Flaw(
                            place,
                            f'{name} needs "{need}", which is not on the map',
                            "",
                            did_you_mean(need, nodes),
                        )
        for cycle in cycles({name: node.needs for name, node in nodes.items()}):
            at = (self._section(cycle[0]), cycle[0], "needs")
            yield Flaw(at, "needs go in a circle", f"saw {' → '.join(cycle)}", "a map has a direction")

    def _check_flaws(self) -> Iterator[Flaw]:
        for name, node in self.nodes().items():
            place = (self._section(name), name, "checks")
            own = name in self.components
            yield from check_flaws(node.checks, place, node.probes, list(self.components), own)

    def _section(self, name: str) -> str:
        sections = ("components", "capabilities", "teams")
        return next(section for section in sections if name in getattr(self, section))

    def _name_flaws(self) -> Iterator[Flaw]:
        seen: dict[str, str] = {}
        probes: dict[str, str] = {}
        for section in ("components", "capabilities", "teams"):
            for name, node in getattr(self, section).items():
                if name in seen:
                    yield Flaw(
                        (section, name), f'"{name}" is on the map twice', f"{seen[name]} has it already"
                    )
                seen.setdefault(name, section)
                for index, probe in enumerate(node.probes):
                    if probe in probes:
                        place: Place = (section, name, "probes", index)
                        yield Flaw(place, f'probe "{probe}" stands twice', f"{probes[probe]} has it already")
                    probes.setdefault(probe, name)
        for name, team in self.teams.items():
            if not team.channel.startswith("#"):
                at = ("teams", name, "channel")
                yield Flaw(
                    at,
                    "a channel begins with #",
                    f'saw "{team.channel}"',
                    f"did you mean #{team.channel}?",
                )

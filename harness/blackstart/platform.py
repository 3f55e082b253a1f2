"""The map: components, owners, dependencies, blast radius. Reads `scenarios/platform.yaml`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from blackstart.source import Model

__all__ = ["CapabilityNode", "ComponentNode", "Platform", "TeamNode"]


class ComponentNode(Model):
    """One platform system: who owns it, what it needs to work, what it is called in production."""

    owner: str
    about: str = ""
    needs: list[str] = Field(default_factory=list)
    probes: list[str] = Field(default_factory=list)
    production: list[str] = Field(default_factory=list)


class CapabilityNode(Model):
    """What teams above need, end to end: ship, observe, authenticate. `words` are how people name it."""

    about: str = ""
    needs: list[str]
    probes: list[str] = Field(default_factory=list)
    words: list[str] = Field(default_factory=list)


class TeamNode(Model):
    """A service team: its channel, what its running workload needs, and how people name it."""

    channel: str
    needs: list[str] = Field(default_factory=list)
    probes: list[str] = Field(default_factory=list)
    words: list[str] = Field(default_factory=list)


class Platform(Model):
    """The whole map. `tools` maps a production tool to the replica's own (`vault` to `bao`)."""

    kind: Literal["platform"]
    components: dict[str, ComponentNode]
    capabilities: dict[str, CapabilityNode]
    teams: dict[str, TeamNode]
    tools: dict[str, str] = Field(default_factory=dict)

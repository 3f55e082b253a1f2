"""A file of `drills/`: these scenarios, these people, this pace, this gate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from blackstart.source import Duration, Flaw, Model, Place

__all__ = ["Docker", "FaultLimits", "Hours", "Plan", "PlannedDrill"]


Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Hours(Model):
    """When drills may break something: these days, between these hours of that time zone ("Europe/London")."""

    days: list[Day] = Field(default=["mon", "tue", "wed", "thu", "fri"])
    begin: str = Field(default="09:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    end: str = Field(default="17:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    zone: str = "UTC"


class FaultLimits(Model):
    """What the plan's faults may do at most. Judged before anything is started.

    `at_once`: how many may be active together, by the schedule. `lasting`: how long one may last. `never`: components
    that no fault is aimed at. `hours`: when a drill of the plan may begin, by the machine's clock.
    """

    at_once: int | None = Field(default=None, ge=1)
    lasting: Duration | None = None
    never: list[str] = Field(default_factory=list)
    hours: Hours | None = None


class Docker(Model):
    """What a drill in containers would refuse of docker, allowed by name; and how long a platform of your own may take.

    `contexts`: docker contexts (or DOCKER_HOST values) of other machines. `strangers`: running containers of no drill
    that are named like a target. `up_within`: of your own compose file, how long all of it may take to come up, and one
    component to come back; 90 seconds when it is left out.
    """

    contexts: list[str] = Field(default_factory=list)
    strangers: list[str] = Field(default_factory=list)
    up_within: Duration | None = None


class PlannedDrill(Model):
    """One drill of the plan. `scenario` is a path below `scenarios/`, with or without `.yaml`."""

    scenario: str
    crew: str = "by-the-book"
    seed: int = 1


class Plan(Model):
    """`compose` is a compose file of your own to drill in place of the platform in miniature; its path counts from the root."""

    kind: Literal["plan"]
    title: str
    about: str = ""
    replica: Literal["local", "compose"] = "local"
    compose: str = ""
    docker: Docker = Docker()
    clock: Literal["jump", "real", "paced"] = "jump"
    pace: float = Field(default=1.0, gt=0)
    limits: FaultLimits = FaultLimits()
    drills: list[PlannedDrill]

    def flaws(self) -> Iterator[Flaw]:
        """A pace that no clock keeps, a plan of nothing."""
        if self.pace != 1.0 and self.clock != "paced":
            yield Flaw(("pace",), "pace needs clock: paced", f"saw clock: {self.clock}", "write clock: paced")
        if self.compose and self.replica != "compose":
            yield Flaw(
                ("compose",),
                "compose needs replica: compose",
                f"saw replica: {self.replica}",
                "write replica: compose",
            )
        if self.docker.up_within is not None and self.docker.up_within < 1:
            yield Flaw(
                ("docker", "up_within"), "no platform is up in less than a second", "", "write up_within: 5m"
            )
        hours = self.limits.hours
        if hours is not None:
            yield from _hours_flaws(hours)
        if not self.drills:
            yield Flaw(("drills",), "the plan has no drill", "", "add - scenario: ...")


def _hours_flaws(hours: Hours) -> Iterator[Flaw]:
    """A zone that nobody knows, hours that end before they begin."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    place: Place = ("limits", "hours")
    try:
        ZoneInfo(hours.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield Flaw(
            (*place, "zone"),
            f'no time zone is called "{hours.zone}"',
            "",
            "write it as Europe/London, or UTC",
        )
    if hours.end <= hours.begin:
        yield Flaw((*place, "end"), "the hours end before they begin", f"saw {hours.begin} to {hours.end}")
    if not hours.days:
        yield Flaw((*place, "days"), "there is no day on which it may begin", "", "write days: [mon, tue]")

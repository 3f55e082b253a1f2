"""A user's own compose file as a replica: their services as they are, with a Toxiproxy beside each component.

One compose project a drill. What it takes to go on in another process lies in `<folder>/foreign.json`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from blackstart.errors import ReplicaError, UsageError
from blackstart.replica.containers.engine import NO_MORE, Allowed, PortInUse
from blackstart.replica.containers.project import UP_LIMIT_S, Project, project_name
from blackstart.replica.foreign import toolbox
from blackstart.replica.foreign.drilled import Drilled
from blackstart.replica.foreign.member import slow
from blackstart.replica.foreign.override import Places, override, wanted_ports
from blackstart.replica.foreign.reading import prepared, sidecar_images
from blackstart.replica.foreign.readying import have_built
from blackstart.replica.foreign.written import Written
from blackstart.replica.ports import free_ports

if TYPE_CHECKING:
    from blackstart.platform import Platform
    from blackstart.replica.base import Progress, ShellSpec

__all__ = ["OVERRIDE", "ForeignReplica"]

OVERRIDE = "blackstart.override.yml"
"""The file that is laid over the user's, in the replica's folder."""

PORT_TRIES = 3


class ForeignReplica(Drilled):
    """The services of a compose file that carry `blackstart.component`. The owner calls `down`, whatever happened.

    Nothing is asked of docker before `up`. Errors beside a replica's own: UsageError for a file that cannot be
    drilled, and where docker is not this machine's or runs containers named like a target that `allowed` does not name.
    """

    name = "compose"

    def __init__(
        self,
        folder: Path,
        label: str,
        participants: Sequence[str],
        compose_file: Path,
        platform: Platform,
        allowed: Allowed = NO_MORE,
        up_within_s: float | None = None,
    ) -> None:
        super().__init__(folder, label, allowed)
        self._participants = tuple(participants)
        self._file = compose_file.absolute()
        self._platform = platform
        self.up_within_s = up_within_s or UP_LIMIT_S

    @classmethod
    def attach(cls, folder: Path, label: str) -> ForeignReplica:
        """The replica of that folder as another process left it, whether its containers run or not.

        ReplicaError when there is none, when it is another label's, or when it was never quite up.
        """
        written = Written.read(folder, label)
        replica = cls(
            folder,
            label,
            written.participants,
            written.compose_file,
            written.platform,
            up_within_s=written.up_within_s,
        )
        replica._attached = True
        replica._know(written)
        return replica

    # --- up and down ----------------------------------------------------------------------------

    def up(self, progress: Progress) -> None:
        """Start every service, and return when all are up and healthy. Leaves nothing when it fails."""
        self._engine.see_room()
        progress("reading the compose file", 0, 0)
        config, judgement, ports = prepared(self._engine, self._file, self.label, self._folder, progress)
        for stays in judgement.lasting:
            progress(stays, 0, 0)
        self._engine.refuse_strangers(judgement.names)
        for _ in range(PORT_TRIES):
            places = Places.choose(judgement, free_ports(wanted_ports(judgement)))
            self._know(
                Written(
                    self.label,
                    self._participants,
                    self._file,
                    config,
                    ports,
                    places,
                    self._platform,
                    self.up_within_s,
                )
            )
            with suppress(PortInUse):
                self._start_all(progress)
                return
        raise ReplicaError("every port that was free a moment ago was taken by somebody", hint="try again")

    def resume_up(self, progress: Progress) -> None:
        """Start the containers of a replica that was ended without being thrown away: same ports and volumes.

        When it fails nothing runs and its data stays: it can be tried again.
        """
        self._start_all(progress, keeping=True)

    def _start_all(self, progress: Progress, *, keeping: bool = False) -> None:
        """PortInUse when somebody has one. When it fails nothing is left, or, `keeping`, all but what runs."""
        written = self._up()
        self._there = True
        self._folder.mkdir(parents=True, exist_ok=True)
        text = override(
            written.config, written.judgement, written.places, sidecar_images(), self._project.name
        )
        (self._folder / OVERRIDE).write_text(text, "utf-8")
        written.write(self._folder)
        toolbox.write(self._folder, self.label)
        self.probes()  # what cannot be asked is said before anything is started
        try:
            have_built(self._engine, self._file, written.config, progress)
            self._project.up(progress, self.up_within_s, keeping=keeping, slow=slow(self.up_within_s))
            for member in self._members.values():
                member.await_service()
        except BaseException:
            self._give_up(keeping)
            raise
        progress("the replica is up", len(self._members), len(self._members))

    def _give_up(self, keeping: bool) -> None:
        if not keeping:
            return self.down()
        self._project.end()
        self.close()
        self._there = False

    def down(self) -> None:
        """Remove every container, network and volume of the drill. May be called again, and when `up` failed."""
        if self._written is not None:
            self._project.down()
            self.close()
        self._there = False

    def images(self) -> Mapping[str, str]:
        """The id of the image that each service really runs, sidecars included."""
        return self._project.images()

    @property
    def _files(self) -> list[Path]:
        return [self._file, self._folder / OVERRIDE]

    @property
    def _project(self) -> Project:
        return Project(self._engine, project_name(self.label), self._files, {}, self.label, self._folder)

    # --- people ---------------------------------------------------------------------------------

    def shell(self, participant: str) -> ShellSpec:
        """A participant's shell, on this machine. UsageError for somebody the replica was not told of."""
        if participant not in self._participants:
            raise UsageError(
                f"the replica knows no participant {participant!r}",
                hint=f"there are: {', '.join(self._participants) or 'none'}",
            )
        written = self._up()
        more = {
            "BLACKSTART_LABEL": self.label,
            **toolbox.addresses(written.judgement, written.places),
        }
        return toolbox.shell(self._folder, participant, more)

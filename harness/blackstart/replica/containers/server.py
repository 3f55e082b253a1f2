"""One service of a compose project as a server of the replica: `servers.Server`, with a container for a process.

Nothing about it is remembered but whether its end was asked for: which container it is, is looked up by the drill's
label each time, and the label is seen on that very container before anything is done to it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from math import ceil
from pathlib import Path
from signal import SIGKILL
from typing import TYPE_CHECKING, Any

from blackstart.errors import ReplicaError
from blackstart.replica.containers import files, limits, networks
from blackstart.replica.containers.found import Container, find
from blackstart.replica.containers.kept import Kept
from blackstart.replica.containers.logs import said
from blackstart.replica.containers.unwell import why_not
from blackstart.replica.programs.service import LOGS, RUN
from blackstart.replica.programs.supervised import STOP_PATIENCE_S
from blackstart.replica.waiting import wait_until

if TYPE_CHECKING:
    from blackstart.replica.base import Completed
    from blackstart.replica.containers.engine import Engine
    from blackstart.replica.containers.limits import Limits
    from blackstart.replica.containers.networks import Attachment

__all__ = ["END_LIMIT_S", "ContainerServer"]

END_LIMIT_S = 10.0
"""Seconds for docker to see that a container which was killed has ended."""

_SAID_LINES = 100


class ContainerServer:
    """A server of a component, in a container. Its state lies in `<folder>/run`, its log in `<folder>/logs`.

    Safe from any process and thread. Errors of every method: ReplicaError when docker refuses, when the container is
    gone, or is not this drill's; DaemonGone when docker does not answer.
    """

    def __init__(
        self, name: str, engine: Engine, label: str, project: str, folder: Path, service: str = ""
    ) -> None:
        self.name = name
        self.service = service or name
        self.label = label
        self.project = project
        self._engine = engine
        self._log = folder / LOGS / f"{name}.log"
        self._kept = Kept(folder / RUN / f"{name}.json", self.service)

    # --- what it is ---------------------------------------------------------------------------------

    def look(self) -> Container:
        """The container as it is now. ReplicaError when there is none."""
        found = self._find()
        if found is None:
            raise ReplicaError(
                f"{self.name} has no container in the project {self.project}: somebody has removed it",
                hint=f"what docker has of it: docker ps -a --filter label=blackstart.drill={self.label}",
            )
        return found

    def _find(self) -> Container | None:
        return find(self._engine, self.label, self.project, self.service)

    @contextmanager
    def _acting(self, doing: str) -> Iterator[Container]:
        """The container, seen to be this drill's right before; one at a time, over all processes."""
        with self._kept.locked():
            container = self.look()
            with self._engine.saying(f"{doing} {self.name}"):
                yield container

    @property
    def pid(self) -> int | None:
        """The number of its first process while it runs, on the machine of docker's daemon."""
        found = self._find()
        return found.pid if found and found.runs else None

    def pids(self) -> list[int]:
        """Always empty: no process of this machine is the harness's to signal; docker does that."""
        return []

    def running(self) -> bool:
        """Whether its process lives; paused counts, gone does not."""
        found = self._find()
        return found is not None and found.runs

    def paused(self) -> bool:
        found = self._find()
        return found is not None and found.paused

    # --- starting and ending ------------------------------------------------------------------------

    def start(self, through: Sequence[str] = (), more: Sequence[str] = ()) -> bool:
        """Start it again; False, and nothing happens, when it runs. It has its compose file's words: `more` is not added.

        ReplicaError for `through`: a container's program cannot be put under another. PortInUse too.
        """
        if through:
            raise ReplicaError(
                f"{self.name} runs in a container, whose program cannot be started under {through[0]}",
                hint="`blackstart faults` says which faults the compose replica supports",
            )
        with self._acting("starting") as container:
            if container.runs:
                return False
            with self._engine.asked.starting(container.id):
                self._engine.client.api.start(container.id)
            self._kept.set(wanted=True)  # not before: who looks meanwhile would take it for dead
        return True

    def ask_to_end(self) -> None:
        """Its stop signal (SIGTERM, or what its image says); a paused one is woken for it. It may be gone."""
        if self.running():
            with self._acting("stopping") as container:
                self._wake(container)
                self._ends(container)
                self._signal(container, container.data["Config"].get("StopSignal") or "SIGTERM")

    def stop(self, patience_s: float = STOP_PATIENCE_S) -> None:
        """Its stop signal, then SIGKILL after the patience; returns when it has ended. It may have ended, or be gone."""
        if self._find() is None:
            return
        with self._acting("stopping") as container:
            self._wake(container)
            self._ends(container)
            self._engine.client.api.stop(container.id, timeout=ceil(patience_s))

    def kill(self) -> None:
        """SIGKILL to every process of it; returns when they are gone. It may have ended, or be gone."""
        if self._find() is None:
            return
        with self._acting("killing") as container:
            self._ends(container)
            self._signal(container, "SIGKILL")
        if not wait_until(lambda: not self.running(), END_LIMIT_S):
            raise self.failed(f"does not end by SIGKILL within {END_LIMIT_S:.0f} s")

    def _ends(self, container: Container) -> None:
        """From now on its end is no news."""
        self._kept.set(wanted=False)
        self._engine.asked.ends(container.id)

    def _signal(self, container: Container, name: str) -> None:
        """Docker refuses to signal what does not run; then there is nothing to be done."""
        from docker.errors import APIError

        try:
            self._engine.client.api.kill(container.id, signal=name)
        except APIError as error:
            if error.status_code not in (404, 409) and "not running" not in str(error):
                raise

    def _wake(self, container: Container) -> None:
        if container.paused:
            with self._engine.asked.doing(container.id, "unpause"):
                self._engine.client.api.unpause(container.id)

    def pause(self) -> None:
        """Every process of it stands still; nothing happens when it is paused, or does not run."""
        with self._acting("pausing") as container:
            if container.runs and not container.paused:
                with self._engine.asked.doing(container.id, "pause"):
                    self._engine.client.api.pause(container.id)

    def resume(self) -> None:
        """It goes on; nothing happens when it is not paused."""
        with self._acting("resuming") as container:
            self._wake(container)

    def reap(self) -> None:
        """Docker keeps no zombies: nothing is to be done."""

    # --- how it ended -------------------------------------------------------------------------------

    def exited_by_itself(self) -> int | None:
        """Its exit code (negative: the signal) when it ended without being asked to; None when it runs, or was asked.

        One that is gone was killed: neither a fault nor a command of people's removes a container.
        """
        found = self._find()
        if found is None:
            return -SIGKILL
        if found.runs or not found.began_at() or not self._kept.read().get("wanted", True):
            return None
        return found.exit_code()

    @property
    def log(self) -> Path:
        """The file with what it has said until now; written when this is asked for."""
        self.save_log()
        return self._log

    def save_log(self) -> None:
        """Write all that it has said to its log; what is there stays when docker has none of it any more: nothing, perhaps."""
        found = self._find()
        self._log.parent.mkdir(parents=True, exist_ok=True)
        self._log.touch()
        if found is not None and not found.going:
            self._log.write_bytes(said(self._engine, found, self.name))

    def says(self, words: Collection[str]) -> bool:
        """Whether one of these (in lower case) is in the last of what it has logged since it was started.

        That is since it ended last: docker notes a start when the program speaks already. As a number, for the SDK cuts
        a moment down to whole seconds, and a container ends and starts within one.
        """
        found = self._find()
        if found is None:
            return False
        ended = found.ended_at()
        since = ended.timestamp() if ended else None
        last = said(self._engine, found, self.name, since=since, tail=_SAID_LINES)
        lines = last.decode("utf-8", "replace").lower()
        return any(each in lines for each in words)

    def failed(self, what: str) -> ReplicaError:
        """The error that says why it is not in service, with its last lines, and of its health check."""
        found = self._find()
        if found is None:
            return ReplicaError(
                f"{self.name} {what} (its container is gone)",
                hint="somebody has removed it: `docker events` says when",
            )
        with suppress(ReplicaError, OSError):  # what ended it goes, and the error names this file
            self.save_log()
        return why_not(self._engine, found, self.name, what)

    # --- more of it ---------------------------------------------------------------------------------

    def limits(self) -> Limits:
        """What it may use at most."""
        container = self.look()
        with self._engine.saying(f"looking at {self.name}"):
            return limits.of(self._engine, container)

    def limit(self, cpus: float | None, memory: int | None) -> None:
        """Let it use at most so many processors, and so many bytes of memory; None takes that limit off."""
        with self._acting("limiting") as container:
            limits.put(self._engine, container, limits.Limits(cpus, memory))

    @property
    def docker(self) -> str:
        """Where its docker listens, as in DOCKER_HOST: for a program that works on it from outside."""
        return self._engine.endpoint.host

    def hand_over(self) -> None:
        """A fault ends and starts it from another process: that is no news, until `take_back`, or it is started here."""
        with self._acting("handing over") as container:
            self._kept.set(wanted=False)
            self._engine.asked.hand_over(container.id)

    def take_back(self) -> None:
        """Whatever happens to it from now on is news again."""
        with self._acting("taking back") as container:
            self._kept.set(wanted=container.runs)
            self._engine.asked.take_back(container.id)

    def attachments(self) -> list[Attachment]:
        """The networks that it is on now, each as plain data from which `connect` puts it back."""
        return networks.of(self.look())

    def disconnect(self, network: str) -> Attachment:
        """Take it off a network (its own name or the compose file's); returns what `connect` needs.

        Nothing happens when it was taken off before. ReplicaError for a network that is not this drill's.
        """
        with self._acting("disconnecting") as container:
            apart = self._kept.read().get("apart", {})
            return networks.take_off(
                self._engine, container, self.label, network, apart, lambda now: self._kept.set(apart=now)
            )

    def connect(self, attachment: Mapping[str, Any]) -> None:
        """Put it on a network again, with the names and the fixed address that it had. Nothing happens when it is on."""
        with self._acting("connecting") as container:
            networks.put_on(self._engine, container, self.label, attachment)
            apart = dict(self._kept.read().get("apart", {}))
            apart.pop(str(attachment.get("network")), None)
            self._kept.set(apart=apart)

    def apart(self) -> list[str]:
        """The names of the networks that it was taken off and not put back on."""
        return sorted(self._kept.read().get("apart", {}))

    def led_to(self) -> bool:
        """Whether connections to it arrive where it is now, on its networks of now. Yes: nothing stands before it."""
        return True

    def exec(self, argv: Sequence[str], user: str = "") -> Completed:
        """Run a command in it; one that is not there exits with 127, as in a shell."""
        with self._acting("running a command in") as container:
            id = container.id
        with self._engine.saying(f"running a command in {self.name}"):
            return files.run(self._engine, id, argv, user)

    def get(self, path: str) -> bytes:
        """What is in a file of it, running or not. ReplicaError when there is none."""
        with self._acting("reading a file of") as container:
            return files.get(self._engine, container.id, path)

    def put(self, path: str, data: bytes, mode: int = 0o644, owner: tuple[int, int] = (0, 0)) -> None:
        """Write a file of it, running or not; its folder must be there, and not be a tmpfs (docker does not see it)."""
        with self._acting("writing a file of") as container:
            files.put(self._engine, container.id, path, data, mode, owner)

    def fill(self, path: str, size: int) -> None:
        """Write a file of so many bytes, or as many of them as there is room for."""
        with self._acting("filling a volume of") as container:
            files.fill(self._engine, container.id, path, size)

    def size(self, path: str) -> int:
        """How many bytes a file of it has; 0 when there is none."""
        container = self.look()
        with self._engine.saying(f"looking at a file of {self.name}"):
            return files.size(self._engine, container.id, path)

    def mounts(self) -> list[files.Mount]:
        """What is mounted in it: volumes, and folders of this machine."""
        return files.mounts(self._engine, self.look(), self.label)

"""One compose project for one drill: up by the compose CLI, down by the drill's label.

Every container, network and volume gets the label by a file that is laid over the project's own files. Two projects
live side by side: each has its own name.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blackstart.clock import SystemTime
from blackstart.errors import ReplicaError, UsageError
from blackstart.replica.containers.cli import Compose, end
from blackstart.replica.containers.copies import copies
from blackstart.replica.containers.ending import end_all
from blackstart.replica.containers.engine import DRILL, SERVICE
from blackstart.replica.containers.failing import port_in_use, told_by_compose
from blackstart.replica.containers.logs import listed_of, save_logs
from blackstart.replica.containers.note import Note
from blackstart.replica.containers.pulling import have_images
from blackstart.replica.containers.removal import Counts, counts, remove_all
from blackstart.replica.containers.rising import Rising, joining
from blackstart.replica.programs.service import LOGS
from blackstart.replica.waiting import wait_until

if TYPE_CHECKING:
    from blackstart.replica.base import Progress
    from blackstart.replica.containers.engine import Engine

__all__ = ["ENDING", "LABELS", "STOPPING", "Project", "labelled", "project_name"]

LABELS = "labels.json"
"""The file that puts the drill's label on everything; JSON is YAML too."""

UP_LOG = "compose-up.log"
"""What `docker compose up` said."""

UP_LIMIT_S = 90.0
"""Real seconds for everything to be up and healthy, on a machine that is busy with other things."""

SLOW = "see what else this machine does"
"""The next move of whoever waited so long in vain."""

LOOK_EVERY_S = 0.2

LEARNS_S = 20.0
"""Seconds for docker to have learned of a container's end, which another met that was to join its network."""

STOPPING = "stopping: removing its containers"
"""Told before it is done: on a busy machine it takes seconds."""

ENDING = "stopping: ending its containers, its data stays"
"""As STOPPING, of what was up before."""


class Project:
    """A compose project. The owner calls `down`, whatever happened; that needs neither its files nor this object.

    `files` are laid one over the other; `env` has the variables that they use. `folder` takes what is made for it.
    """

    def __init__(
        self,
        engine: Engine,
        name: str,
        files: Sequence[Path],
        env: Mapping[str, str],
        label: str,
        folder: Path,
    ) -> None:
        if not label:
            raise ValueError("a project needs the label of its drill")
        self._note = Note(label, name, engine.endpoint.context, engine.endpoint.host)
        self.name = name
        self.label = label
        self._engine = engine
        self._files = tuple(files)
        self.folder = folder
        self._compose = Compose(name, files, {**env, **engine.env()}, label)

    # --- what it is to be -----------------------------------------------------------------------

    def config(self) -> dict[str, Any]:
        """The whole project as compose understands it. UsageError, in compose's own words, for files that are wrong."""
        done = self._compose.run(("config", "--format", "json"))
        if done.returncode != 0:
            raise UsageError(
                f"{', '.join(map(str, self._files))}: {done.stderr.strip() or 'docker compose config fails'}",
                hint=f"docker compose {' '.join(f'-f {file}' for file in self._files)} config shows the same",
            )
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def images_wanted(self, config: Mapping[str, Any]) -> list[str]:
        """The images that its services name, each once."""
        named = [each.get("image") or f"{self.name}-{name}" for name, each in config["services"].items()]
        return sorted(set(named))

    # --- up and down ----------------------------------------------------------------------------

    def up(
        self, progress: Progress, limit_s: float = UP_LIMIT_S, *, keeping: bool = False, slow: str = SLOW
    ) -> None:
        """Make and start everything, and wait until all of it is up and healthy; `slow` is the hint when that is late.

        When it fails nothing is left; `keeping`, of what was up before: nothing runs, and its data stays. ReplicaError
        with the last lines of what did not come up; PortInUse; MissingTool for an image that is missing and cannot be
        pulled; UsageError for files that are wrong.
        """
        self._engine.see_room()
        config = self.config()
        have_images(self._engine, self.images_wanted(config), progress)
        self.folder.mkdir(parents=True, exist_ok=True)
        override = self.folder / LABELS
        override.write_text(json.dumps(labelled(config, self.label)), "utf-8")
        self._note.write(self.folder)
        started = {name: raw for name, raw in config["services"].items() if copies(raw)}
        rising = Rising(self._engine, self.name, started, progress)
        with self._given_up(progress, keeping), self._engine.asked.all_of_it():
            ends = SystemTime().now().mono_ns + int(limit_s * 1e9)
            if not self._bring_up(override, rising, config, limit_s):
                raise _late(rising, "docker compose up does not end", slow)
            left_s = (ends - SystemTime().now().mono_ns) / 1e9
            if not wait_until(rising.all_well, left_s, every_s=LOOK_EVERY_S):
                raise _late(rising, f"the project is not up within {limit_s:.0f} s", slow)

    @contextmanager
    def _given_up(self, progress: Progress, keeping: bool) -> Iterator[None]:
        """What fails, or is broken off, is taken down, or ended; no second error hides the first."""
        try:
            yield
        except BaseException as error:
            progress(ENDING if keeping else STOPPING, 0, 0)
            give_up = self.end if keeping else self.down
            with suppress(ReplicaError):  # a person who breaks it off does not wait for logs
                give_up(logs=isinstance(error, Exception))
            raise

    def _bring_up(self, override: Path, rising: Rising, config: Mapping[str, Any], limit_s: float) -> bool:
        """`docker compose up -d`, which itself waits for what others depend on. False when the limit ended it."""
        words = ("up", "-d", "--no-build", "--pull", "never")
        log = self.folder / LOGS / UP_LOG
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output, self._compose.start(words, (override,), output) as command:
            try:
                wait_until(lambda: _over(command, rising), limit_s, every_s=LOOK_EVERY_S)
            finally:
                end(command)
        if command.returncode > 0:
            raise self._failed(log.read_text("utf-8", "replace"), rising, config)
        return command.returncode == 0

    def _failed(self, output: str, rising: Rising, config: Mapping[str, Any]) -> ReplicaError:
        """What a container itself tells says more than compose, which met only what came of it."""
        if taken := port_in_use(output):
            return taken
        met: list[ReplicaError] = []
        wait_until(lambda: _noted(rising, met), LEARNS_S if joining(output) else 0.0, every_s=LOOK_EVERY_S)
        return met[0] if met else told_by_compose(output, self._engine, config, self._files)

    def down(self, *, logs: bool = True) -> Counts:
        """Keep the logs, and remove every container, network and volume with the drill's label. Idempotent.

        Returns what there was. ReplicaError for what docker does not remove, with why; DaemonGone when docker does not
        answer. What becomes of the logs keeps nothing from being removed.
        """
        self._keep_logs(logs)
        with self._engine.asked.all_of_it():
            return remove_all(self._engine, self.label)

    def end(self, *, logs: bool = True) -> None:
        """Keep the logs, and end every container; its data stays, and `up` goes on with it. ReplicaError when one runs on."""
        self._keep_logs(logs)
        with self._engine.asked.all_of_it():
            end_all(self._engine, self.label)

    def _keep_logs(self, wanted: bool) -> None:
        with suppress(ReplicaError, OSError):
            if wanted:
                self.save_logs(self.folder / LOGS)

    # --- what there is --------------------------------------------------------------------------

    def counts(self) -> Counts:
        """How many containers, networks and volumes carry the drill's label."""
        return counts(self._engine, self.label)

    def images(self) -> dict[str, str]:
        """The id of the image that each service really runs, by the service's name."""
        return {
            str(each["Labels"][SERVICE]): str(each["ImageID"]) for each in listed_of(self._engine, self.label)
        }

    def save_logs(self, folder: Path) -> None:
        """Write what each container has said to `<folder>/<component>.log`."""
        save_logs(self._engine, self.label, folder)


def project_name(label: str) -> str:
    """What compose calls a drill's project: a label in lower case is a name that it takes."""
    return f"blackstart-{label.lower()}"


def labelled(config: Mapping[str, Any], label: str) -> dict[str, Any]:
    """A compose file that puts the drill's label on everything that a project makes; what is external stays its owner's."""
    mark = {"labels": {DRILL: label}}
    return {
        kind: {
            name: mark for name, each in (config.get(kind) or {}).items() if not (each or {}).get("external")
        }
        for kind in ("services", "networks", "volumes")
        if config.get(kind)
    }


def _late(rising: Rising, what: str, slow: str) -> ReplicaError:
    """The error of what had no more time: the first container that is not well says most."""
    stood = f"the drill's folder says where it stood: logs/{UP_LOG}"
    error = rising.why_not() or ReplicaError(what, hint=stood)
    return ReplicaError(error.message, hint=f"{slow}; {error.hint}" if error.hint else slow)


def _over(command: subprocess.Popen[bytes], rising: Rising) -> bool:
    if command.poll() is not None:
        return True
    rising.all_well()
    return False


def _noted(rising: Rising, met: list[ReplicaError]) -> bool:
    """Whether a container is broken; its error is put down."""
    met.extend(filter(None, [rising.broken()]))
    return bool(met)

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
from blackstart.errors import MissingTool, ReplicaError, UsageError
from blackstart.replica.containers.cli import Compose, end
from blackstart.replica.containers.engine import COMPONENT, DRILL, ONE_OFF, SERVICE, PortInUse
from blackstart.replica.containers.found import Container
from blackstart.replica.containers.note import Note
from blackstart.replica.containers.removal import Counts, counts, remove_all
from blackstart.replica.containers.rising import Rising, said
from blackstart.replica.waiting import wait_until

if TYPE_CHECKING:
    from blackstart.replica.base import Progress
    from blackstart.replica.containers.engine import Engine

__all__ = ["LABELS", "Project", "labelled", "save_logs"]

LABELS = "labels.json"
"""The file that puts the drill's label on everything; JSON is YAML too."""

UP_LOG = "compose-up.log"
"""What `docker compose up` said."""

UP_LIMIT_S = 90.0
"""Real seconds for everything to be up and healthy, on a machine that is busy with other things."""

LOOK_EVERY_S = 0.2

_TAKEN = ("port is already allocated", "address already in use")


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
                hint="docker compose -f FILE config shows the same",
            )
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def images_wanted(self, config: Mapping[str, Any]) -> list[str]:
        """The images that its services name, each once."""
        named = [each.get("image") or f"{self.name}-{name}" for name, each in config["services"].items()]
        return sorted(set(named))

    # --- up and down ----------------------------------------------------------------------------

    def up(self, progress: Progress, limit_s: float = UP_LIMIT_S) -> None:
        """Make and start everything, and wait until all of it is up and healthy.

        When it fails nothing is left. ReplicaError with the last lines of what did not come up; PortInUse;
        MissingTool for an image that is missing and cannot be pulled; UsageError for files that are wrong.
        """
        self._engine.see_room()
        config = self.config()
        self._have_images(config, progress)
        self.folder.mkdir(parents=True, exist_ok=True)
        override = self.folder / LABELS
        override.write_text(json.dumps(labelled(config, self.label)), "utf-8")
        self._note.write(self.folder)
        rising = Rising(self._engine, self.name, config["services"], progress)
        with self._nothing_left(), self._engine.asked.all_of_it():
            ends = SystemTime().now().mono_ns + int(limit_s * 1e9)
            self._bring_up(override, rising, limit_s)
            left_s = (ends - SystemTime().now().mono_ns) / 1e9
            if not wait_until(rising.all_well, left_s, every_s=LOOK_EVERY_S):
                raise rising.why_not() or ReplicaError(f"the project is not up within {limit_s:.0f} s")

    @contextmanager
    def _nothing_left(self) -> Iterator[None]:
        """What fails, or is broken off, leaves nothing behind; and no second error hides the first."""
        try:
            yield
        except BaseException:
            with suppress(ReplicaError):
                self.down()
            raise

    def _bring_up(self, override: Path, rising: Rising, limit_s: float) -> None:
        """`docker compose up -d`, which itself waits for what others depend on."""
        words = ("up", "-d", "--no-build", "--pull", "never")
        log = self.folder / UP_LOG
        with log.open("wb") as output, self._compose.start(words, (override,), output) as command:
            try:
                wait_until(lambda: _over(command, rising), limit_s, every_s=LOOK_EVERY_S)
            finally:
                end(command)
        if command.returncode != 0:
            raise self._failed(log.read_text("utf-8", "replace"), rising)

    def _failed(self, output: str, rising: Rising) -> ReplicaError:
        said = [line.strip() for line in output.splitlines() if line.strip()]
        last = said[-1] if said else "docker compose up fails"
        if any(words in output for words in _TAKEN):
            return PortInUse(
                f"a port that the project publishes is taken: {last}",
                hint="`docker ps` and `ss -ltnp` say by whom; end that, or choose another port",
            )
        return rising.why_not() or ReplicaError(f"docker compose up: {last}")

    def _have_images(self, config: Mapping[str, Any], progress: Progress) -> None:
        """Pull what is missing. MissingTool for what cannot be had: nothing is built here."""
        missing = [image for image in self.images_wanted(config) if not self._engine.has(image)]
        for number, image in enumerate(missing):
            progress(f"pulling {image}", number, len(missing))
            self._pull(image, missing)

    def _pull(self, image: str, missing: Sequence[str]) -> None:
        from docker.errors import APIError

        with self._engine.saying(f"pulling {image}"):
            try:
                self._engine.client.images.pull(image)
            except APIError as error:
                raise MissingTool(
                    f"the image {image} is missing and cannot be pulled: {error.explanation}"
                    + (f" (missing: {', '.join(missing)})" if missing[1:] else ""),
                    hint="without a registry, images/bake builds ours under the same tags; "
                    "`docker compose build` those of a compose file that has a `build`",
                ) from error

    def down(self) -> Counts:
        """Remove every container, network and volume with the drill's label; returns what there was. Idempotent.

        ReplicaError for what docker does not remove, with why; DaemonGone when docker does not answer.
        """
        with self._engine.asked.all_of_it():
            return remove_all(self._engine, self.label)

    # --- what there is --------------------------------------------------------------------------

    def counts(self) -> Counts:
        """How many containers, networks and volumes carry the drill's label."""
        return counts(self._engine, self.label)

    def images(self) -> dict[str, str]:
        """The id of the image that each service really runs, by the service's name."""
        return {
            str(each["Labels"][SERVICE]): str(each["ImageID"]) for each in _listed(self._engine, self.label)
        }

    def save_logs(self, folder: Path) -> None:
        """Write what each container has said to `<folder>/<component>.log`."""
        save_logs(self._engine, self.label, folder)


def save_logs(engine: Engine, label: str, folder: Path) -> None:
    """Write what each container with that label has said to `<folder>/<component>.log`."""
    folder.mkdir(parents=True, exist_ok=True)
    for each in _listed(engine, label):
        name = str(each["Labels"].get(COMPONENT) or each["Labels"][SERVICE])
        (folder / f"{name}.log").write_bytes(said(engine, Container(str(each["Id"]), {}), name))


def _listed(engine: Engine, label: str) -> list[dict[str, Any]]:
    listed = engine.containers({DRILL: label, ONE_OFF: "False"})
    return sorted(listed, key=lambda each: str(each["Labels"][SERVICE]))


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


def _over(command: subprocess.Popen[bytes], rising: Rising) -> bool:
    if command.poll() is not None:
        return True
    rising.all_well()
    return False

"""The `docker compose` command: its version, and calls of it that mean the drill's own daemon and nothing of the user's."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO

from blackstart import watchdog
from blackstart.errors import MissingTool

__all__ = ["Compose", "end", "plugin_version"]

OLDEST_MAJOR = 2

_NOT_OURS = ("COMPOSE_FILE", "COMPOSE_PROJECT_NAME", "COMPOSE_ENV_FILES", "DOCKER_CONTEXT", "DOCKER_HOST")
"""What a user has set for his own compose commands must not lead ours elsewhere."""

VERSION_S = 20.0

_GET_DOCKER = "install it (Debian: apt install docker.io; from Docker's own packages: docker-ce-cli)"

_GET_PLUGIN = "install the compose plugin: https://docs.docker.com/compose/install/linux (Debian: docker-compose-plugin)"


@cache
def plugin_version() -> str:
    """Which docker compose this machine has. MissingTool when it has none, or only version 1."""
    try:
        done = subprocess.run(
            ["docker", "compose", "version", "--short"],
            capture_output=True,
            text=True,
            timeout=VERSION_S,
            check=False,
        )
    except FileNotFoundError as error:
        raise MissingTool("the docker command is missing: it is not on PATH", hint=_GET_DOCKER) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MissingTool(
            f"the docker command cannot be run: {error}", hint="run it by hand: docker compose version"
        ) from error
    version = done.stdout.strip().removeprefix("v")
    if done.returncode != 0 or not version:
        raise MissingTool("docker has no compose plugin: `docker compose version` fails", hint=_GET_PLUGIN)
    major = version.partition(".")[0]
    if major.isdecimal() and int(major) < OLDEST_MAJOR:
        raise MissingTool(f"docker compose {version} is too old: version 2 is needed", hint=_GET_PLUGIN)
    return version


class Compose:
    """Calls of `docker compose` for one project."""

    def __init__(self, name: str, files: Sequence[Path], env: Mapping[str, str], label: str) -> None:
        self.name = name
        self._files = [str(file) for file in files]
        self._env = env
        self._label = label

    def argv(self, words: Sequence[str], more: Sequence[Path] = ()) -> list[str]:
        """A whole command; the files of `more` are laid over the project's own."""
        files = [word for file in (*self._files, *map(str, more)) for word in ("-f", file)]
        return [
            "docker",
            "compose",
            "--progress",
            "plain",
            "--ansi",
            "never",
            "-p",
            self.name,
            *files,
            *words,
        ]

    def environment(self) -> dict[str, str]:
        """The user's, his own compose settings left out, with the project's variables and the drill's label.

        By the label the watchdog finds the command, should the harness die meanwhile.
        """
        kept = {name: value for name, value in os.environ.items() if name not in _NOT_OURS}
        return {**kept, **self._env, watchdog.VARIABLE: self._label}

    def run(self, words: Sequence[str], more: Sequence[Path] = ()) -> subprocess.CompletedProcess[str]:
        """Run it to its end. MissingTool when there is no such command."""
        plugin_version()
        return subprocess.run(
            self.argv(words, more),
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )

    def start(self, words: Sequence[str], more: Sequence[Path], output: IO[bytes]) -> subprocess.Popen[bytes]:
        """Start it, deaf to the terminal's Ctrl-C; what it says goes to `output`. The caller ends it (`end`)."""
        plugin_version()
        return subprocess.Popen(
            self.argv(words, more),
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def end(command: subprocess.Popen[bytes]) -> None:
    """Kill a command that still runs, and the plugin that it has started: they are one group."""
    if command.poll() is None:
        os.killpg(command.pid, signal.SIGKILL)  # not reaped yet, so the number is its own
        command.wait()

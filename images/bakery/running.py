"""The programs that the bake runs, so that Ctrl-C ends all of them and nothing goes on building behind its back."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["Result", "Running", "said"]

Result = subprocess.CompletedProcess[str]


class Stopped(Exception):
    """The bake was told to stop while this ran, or before it could."""


class Running:
    """What runs now. Threads run programs; `stop` ends all of these and lets none begin."""

    def __init__(self, held: int | None = None) -> None:
        # The lock's descriptor goes along: should the bake be killed, the next one waits until its programs end too.
        self._held = () if held is None else (held,)
        self._processes: set[subprocess.Popen[str]] = set()
        self._stopped = False
        self._guard = threading.Lock()

    def run(
        self, argv: Sequence[str], cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> Result:
        """Run to its end, output kept. Stopped when the bake ends meanwhile."""
        process = self._start(argv, cwd, env)
        try:
            out, err = process.communicate()
        finally:
            with self._guard:
                self._processes.discard(process)
        if self._stopped:
            raise Stopped(argv[0])
        return subprocess.CompletedProcess(list(argv), process.returncode, out, err)

    def _start(
        self, argv: Sequence[str], cwd: Path | None, env: Mapping[str, str] | None
    ) -> subprocess.Popen[str]:
        with self._guard:
            if self._stopped:
                raise Stopped(argv[0])
            process = subprocess.Popen(
                argv,
                cwd=cwd,
                env=env,
                text=True,
                errors="replace",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=self._held,
                start_new_session=True,
            )
            self._processes.add(process)
            return process

    def stop(self) -> None:
        """End everything that runs, with all that it started itself."""
        with self._guard:
            self._stopped = True
            for process in self._processes:
                try:
                    os.killpg(process.pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue


def said(result: Result, limit: int = 600) -> str:
    """The last of what a program said, on one line."""
    text = result.stderr.strip() or result.stdout.strip()
    return " / ".join(line.strip() for line in text.splitlines() if line.strip())[-limit:]

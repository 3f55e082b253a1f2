from __future__ import annotations

import signal
import subprocess
import sys

from blackstart.faults.process.under import PROGRAMS


def test_it_says_that_it_starts_and_starts_nothing_until_it_is_ended() -> None:
    argv = [sys.executable, "-I", "-S", str(PROGRAMS / "starting.py"), "a-server", "--port", "1"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "starting\n"
        process.terminate()
        assert process.stdout.read() == ""
    assert process.returncode == -signal.SIGTERM

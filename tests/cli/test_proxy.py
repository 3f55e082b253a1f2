"""`blackstart proxy`: the same program under the tool's own name."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys

import pytest

from blackstart.toxics.client import Client

ARGV = [sys.executable, "-c", "from blackstart.cli.main import main; main()", "proxy"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_told_to_end(number: signal.Signals) -> None:
    with subprocess.Popen(
        [*ARGV, "-port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("listening on 127.0.0.1:")
            assert Client("127.0.0.1", int(line.rpartition(":")[2])).proxies() == {}
            process.send_signal(number)
            assert process.wait(20) == 0
            assert process.stderr is not None
            assert "Traceback" not in process.stderr.read()
        finally:
            process.kill()


def test_a_port_in_use_is_told_in_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = subprocess.run(
            [*ARGV, "--port", port], capture_output=True, text=True, timeout=60, check=False
        )
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"blackstart: cannot listen on 127.0.0.1:{port}: Address already in use; ")


def test_help_has_an_example() -> None:
    ended = subprocess.run([*ARGV, "--help"], capture_output=True, text=True, timeout=60, check=True)
    assert "Example: blackstart proxy --host 127.0.0.1 --port 8474" in ended.stdout

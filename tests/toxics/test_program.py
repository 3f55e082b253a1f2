"""The process: its flags, its first line, its end."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blackstart.toxics.program import arguments

if TYPE_CHECKING:
    from tests.toxics.conftest import Program, Programs

ARGV = [sys.executable, "-m", "blackstart.toxics"]


def failing(*flags: str) -> str:
    """What it says when it cannot begin."""
    ended = subprocess.run([*ARGV, *flags], capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode == 2, ended.stderr
    assert ended.stdout == ""
    assert "Traceback" not in ended.stderr
    return ended.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(programs: Programs, number: signal.Signals) -> None:
    program = programs()
    program.client.create("one", "127.0.0.1:0", "127.0.0.1:1")
    program.process.send_signal(number)
    assert program.process.wait(20) == 0
    assert "Traceback" not in program.errors()


def test_its_first_line_is_the_real_address(program: Program) -> None:
    assert re.fullmatch(r"listening on 127\.0\.0\.1:[1-9]\d*\n", program.first_line)


def test_a_port_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = failing("--port", str(port))
    assert said == (
        f"blackstart.toxics: cannot listen on 127.0.0.1:{port}: Address already in use; "
        "choose another --port, or end what is there\n"
    )


def test_a_host_that_others_reach() -> None:
    assert "--allow-remote" in failing("--host", "192.0.2.1", "--port", "0")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("nonsense", "it is no JSON"),
        ("{}", "a list of proxies is expected"),
        ('[{"name": "one"}]', "missing required field: upstream at proxy 1"),
        ('[{"name": "one", "listen": "nowhere", "upstream": "x:1"}]', "missing port"),
        (None, "No such file"),
    ],
)
def test_a_config_that_cannot_be_used_is_told_and_nothing_served(
    tmp_path: Path, content: str | None, says: str
) -> None:
    path = tmp_path / "proxies.json"
    if content is not None:
        path.write_text(content)
    said = failing("--port", "0", "--config", str(path))
    assert f"{path}: " in said
    assert says in said


def test_proxies_of_a_config_are_there_from_the_beginning(programs: Programs, tmp_path: Path) -> None:
    path = tmp_path / "proxies.json"
    path.write_text(json.dumps([{"name": "one", "listen": "127.0.0.1:0", "upstream": "127.0.0.1:1"}]))
    assert list(programs("-config", str(path)).client.proxies()) == ["one"]


def test_flags_as_toxiproxy_writes_them() -> None:
    flags = arguments(
        ["-host", "127.0.0.2", "-port", "9", "-seed", "7", "-proxy-metrics", "-runtime-metrics"]
    )
    assert (flags.host, flags.port, flags.seed) == ("127.0.0.2", 9, "7")
    assert arguments([]).port == 8474


def test_it_takes_all_the_descriptors_it_may_have(program: Program) -> None:
    limits = Path(f"/proc/{program.process.pid}/limits").read_text()
    soft, hard = re.search(r"Max open files\s+(\S+)\s+(\S+)", limits).groups()  # type: ignore[union-attr]  # always there
    assert soft == hard


def test_two_with_one_seed_hit_the_same_connections(programs: Programs) -> None:
    def hit(seed: str) -> list[bool]:
        program = programs("--seed", seed)
        with socket.create_server(("127.0.0.1", 0)) as upstream:
            listen = program.client.create("one", "127.0.0.1:0", f"127.0.0.1:{upstream.getsockname()[1]}")[
                "listen"
            ]
            program.client.add("one", "limit_data", toxicity=0.5, attributes={"bytes": 1})
            return [_cut(upstream, listen) for _ in range(24)]

    first = hit("7")
    assert hit("7") == first
    assert hit("8") != first


def _cut(upstream: socket.socket, listen: str) -> bool:
    host, port = listen.split(":")
    with socket.create_connection((host, int(port)), timeout=20) as client:
        server, _ = upstream.accept()
        with server:
            server.sendall(b"ab")
            server.shutdown(socket.SHUT_WR)
            got = b""
            while part := client.recv(10):
                got += part
    return got == b"a"


def test_it_imports_nothing_but_the_standard_library() -> None:
    """And of it nothing heavy: it is started with every drill."""
    script = (
        "import sys; before = set(sys.modules); import blackstart.toxics.program, blackstart.toxics.udp, "
        "blackstart.toxics.http; print(*sorted(set(sys.modules) - before))"
    )
    # -S: what site brings along for an editable install is not the program's
    found = subprocess.run(
        [sys.executable, "-S", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "harness")},
    ).stdout.split()
    others = {name.partition(".")[0] for name in found} - set(sys.stdlib_module_names) - {"blackstart"}
    assert others == set()
    assert not {"asyncio", "ssl", "http.server", "subprocess"} & set(found)
    ours = {name for name in found if name.startswith("blackstart.")}
    assert {name for name in ours if not name.startswith("blackstart.toxics")} == set()


def test_browsers_are_kept_out_of_the_real_thing(program: Program) -> None:
    request = urllib.request.Request(f"{program.url}/proxies", headers={"User-Agent": "Mozilla/5.0"})
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(request, timeout=20)

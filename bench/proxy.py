"""What the fault proxy costs a connection, beside a real Toxiproxy in the same run.

    python bench/proxy.py [--rounds 5] [--turns 5] [--toxiproxy PATH] [--out]

Three ways to the same server, one after the other in many short turns: direct, through this proxy, through Toxiproxy
(built with `go install` when Go is there, else its path is given). No toxics. Measured:

- latency: round trips of one byte on one connection; `added` is a proxy's quantile less the direct one of its turn;
- throughput: one connection, gigabytes a second from server to client;
- connections: connect, one byte there and back, close; several clients at once;
- processor time of the proxy for a gigabyte and for a connection, which other work on the machine disturbs least;
- memory: resident memory of the proxy's process with so many open connections, less that before, for each.

Targets: at least twice Toxiproxy's throughput, less added latency, at least its connections a second, at most 64 KB
of memory a connection. The server sends from a memory file by sendfile, and the client throws away what it gets in
the kernel (MSG_TRUNC), so that on a machine with few cores the proxies are measured and not their load.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import select
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from machine import describe

ROOT = Path(__file__).resolve().parent.parent
TOXIPROXY = "github.com/Shopify/toxiproxy/v2/cmd/server@v2.12.0"
GO_PLACE = "/usr/local/go/bin"
"""Where Go's own installation puts it, often on nobody's PATH."""

PATIENCE_S = 10.0

Address = tuple[str, int]


# The server behind all of them: a process of its own.


def serve(echo: socket.socket, source: socket.socket) -> None:
    """Echo on one listener; on the other send as many bytes as the first eight ask for."""
    threading.Thread(target=_echo_all, args=(echo,), daemon=True).start()
    memory = os.memfd_create("source")
    os.truncate(memory, 1 << 24)
    while True:
        connection, _ = source.accept()
        threading.Thread(target=_send, args=(connection, memory), daemon=True).start()


def _echo_all(listener: socket.socket) -> None:
    epoll = select.epoll()
    listener.setblocking(False)
    epoll.register(listener, select.EPOLLIN)
    open_ones: dict[int, socket.socket] = {}
    while True:
        for fd, _ in epoll.poll():
            if fd == listener.fileno():
                _accept(listener, epoll, open_ones)
            else:
                _echo(open_ones, fd)


def _accept(listener: socket.socket, epoll: select.epoll, open_ones: dict[int, socket.socket]) -> None:
    try:
        while True:
            connection, _ = listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            open_ones[connection.fileno()] = connection
            epoll.register(connection, select.EPOLLIN)
    except BlockingIOError:
        pass


def _echo(open_ones: dict[int, socket.socket], fd: int) -> None:
    connection = open_ones[fd]
    try:
        data = connection.recv(64)
    except ConnectionResetError:
        data = b""
    if data:
        connection.send(data)
    else:
        del open_ones[fd]
        connection.close()


def _send(connection: socket.socket, memory: int) -> None:
    with connection:
        left = int.from_bytes(connection.recv(8, socket.MSG_WAITALL), "big")
        while left:
            left -= os.sendfile(connection.fileno(), memory, 0, min(left, 1 << 24))


@contextmanager
def server() -> Iterator[tuple[Address, Address]]:
    """The addresses of the echo and of the source."""
    echo, source = (socket.create_server(("127.0.0.1", 0), backlog=4096) for _ in range(2))
    process = multiprocessing.get_context("fork").Process(target=serve, args=(echo, source), daemon=True)
    process.start()
    addresses = echo.getsockname(), source.getsockname()
    echo.close()
    source.close()
    try:
        yield addresses
    finally:
        process.kill()
        process.join()


# The proxies.


@dataclass(frozen=True)
class Way:
    """One way to the server. `pid` is the proxy's, or 0 where there is none."""

    name: str
    echo: Address
    source: Address
    pid: int = 0


@contextmanager
def proxy(name: str, argv: Sequence[str], echo: Address, source: Address) -> Iterator[Way]:
    """A proxy's process with both servers behind it."""
    port = _free_port()
    with subprocess.Popen(
        [*argv, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            _wait_for(port)
            yield Way(name, _listen(port, "echo", echo), _listen(port, "source", source), process.pid)
        finally:
            process.kill()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def _wait_for(port: int) -> None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.02)
        else:
            return
    raise SystemExit(f"the proxy on port {port} does not answer within {PATIENCE_S:.0f} s")


def _listen(port: int, name: str, upstream: Address) -> Address:
    wish = {"name": name, "listen": "127.0.0.1:0", "upstream": "{}:{}".format(*upstream)}
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    connection.request("POST", "/proxies", json.dumps(wish))
    answer = json.loads(connection.getresponse().read())
    connection.close()
    host, _, real = answer["listen"].rpartition(":")
    return host, int(real)


def toxiproxy(path: str, folder: Path) -> str:
    """The path of a real Toxiproxy, built if need be."""
    if path:
        return path
    go = shutil.which("go") or shutil.which("go", path=GO_PLACE)
    if go is None:
        raise SystemExit(
            "Go is not here to build Toxiproxy with: give the path of a built one, --toxiproxy PATH"
        )
    environment = {**os.environ, "GOBIN": str(folder), "CGO_ENABLED": "0"}
    subprocess.run([go, "install", TOXIPROXY], env=environment, check=True)
    return str(folder / "server")


# What is measured.


def latency_us(way: Way, trips: int) -> dict[str, float]:
    """Quantiles of round trips of one byte, in microseconds; a tenth more before, to warm up."""
    with socket.create_connection(way.echo) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        times = [_trip_ns(connection) for _ in range(trips + trips // 10)][trips // 10 :]
    times.sort()
    return {"p50": times[trips // 2] / 1e3, "p99": times[trips * 99 // 100] / 1e3}


def _trip_ns(connection: socket.socket) -> int:
    began = time.perf_counter_ns()
    connection.send(b"x")
    connection.recv(1)
    return time.perf_counter_ns() - began


def throughput_gb_s(way: Way, size: int) -> float:
    with socket.create_connection(way.source) as connection:
        connection.sendall(size.to_bytes(8, "big"))
        left = size
        began = time.perf_counter()
        while left:
            # With MSG_TRUNC a TCP socket's bytes are dropped in the kernel; the size is all that is returned of them.
            count = connection.recv_into(_NOWHERE, 0, socket.MSG_TRUNC)
            if not count:
                raise SystemExit(f"{way.name}: {left} bytes are missing at the end")
            left -= count
    return size / (time.perf_counter() - began) / 1e9


_NOWHERE = bytearray(1 << 20)


def connections_s(way: Way, count: int, clients: int) -> float:
    """Connections a second, made by several processes at once."""
    context = multiprocessing.get_context("fork")
    start = context.Barrier(clients + 1)
    workers = [
        context.Process(target=_connect_often, args=(way, count // clients, start)) for _ in range(clients)
    ]
    for worker in workers:
        worker.start()
    start.wait()
    began = time.perf_counter()
    for worker in workers:
        worker.join()
    if any(worker.exitcode for worker in workers):
        raise SystemExit(f"{way.name}: a client of the connections failed")
    return count / (time.perf_counter() - began)


def _connect_often(way: Way, count: int, start: Any) -> None:
    start.wait()
    for _ in range(count):
        with socket.socket() as connection:  # create_connection would look the address up each time
            connection.connect(way.echo)
            connection.send(b"x")
            if connection.recv(1) != b"x":
                raise SystemExit(1)


def memory_kb(way: Way, count: int) -> float:
    """Resident memory for each of so many connections that are open and have been used."""
    before = _resident_kb(way.pid)
    with ExitStack() as open_ones:
        for _ in range(count):
            connection = open_ones.enter_context(socket.create_connection(way.echo))
            connection.send(b"x")
            connection.recv(1)
        return (_resident_kb(way.pid) - before) / count


def _resident_kb(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise SystemExit(f"process {pid} is gone")


def _cpu_s(pid: int) -> float:
    """Processor time that a process has used, in all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# The run.

Figures = dict[str, dict[str, list[float]]]
"""Metric, then way: its values in the order of time."""


def measure(asked: argparse.Namespace, binary: str) -> Figures:
    figures: Figures = {}
    ours = [sys.executable, "-m", "blackstart.toxics", "--host", "127.0.0.1", "--port"]
    theirs = [binary, "-host", "127.0.0.1", "-port"]
    with server() as (echo, source):
        for number in range(asked.rounds):
            with (
                proxy("blackstart", ours, echo, source) as one,
                proxy("toxiproxy", theirs, echo, source) as other,
            ):
                ways = [Way("direct", echo, source), one, other]
                _round(figures, ways[number % 3 :] + ways[: number % 3], asked)
    return figures


def _round(figures: Figures, ways: list[Way], asked: argparse.Namespace) -> None:
    """Fresh proxies: memory first, while nothing has grown. Then short turns: what else runs disturbs all ways alike."""
    proxies = [way for way in ways if way.pid]
    for way in proxies:
        _note(figures, "memory_kb_per_connection", way, memory_kb(way, asked.open))
    for _ in range(asked.turns):
        for way in ways:
            for quantile, value in latency_us(way, asked.trips).items():
                _note(figures, f"latency_us_{quantile}", way, value)
        for quantile in ("p50", "p99"):
            took = figures[f"latency_us_{quantile}"]
            for way in proxies:
                added = took[way.name][-1] - took["direct"][-1]
                _note(figures, f"added_latency_us_{quantile}", way, added)
        ways = ways[1:] + ways[:1]
    size = asked.megabytes * 1_000_000
    with _cpu(figures, "cpu_ms_per_gb", proxies, asked.turns * asked.megabytes / 1e6):
        for _ in range(asked.turns):
            for way in ways:
                _note(figures, "throughput_gb_s", way, throughput_gb_s(way, size))
    with _cpu(figures, "cpu_us_per_connection", proxies, asked.turns * asked.connections / 1e6):
        for _ in range(asked.turns):
            for way in ways:
                _note(figures, "connections_s", way, connections_s(way, asked.connections, asked.clients))


def _note(figures: Figures, metric: str, way: Way, value: float) -> None:
    figures.setdefault(metric, {}).setdefault(way.name, []).append(value)


@contextmanager
def _cpu(figures: Figures, metric: str, proxies: list[Way], amount: float) -> Iterator[None]:
    """Note the processor time that each proxy used inside, by amount of work. Its clock ticks every 10 ms only."""
    before = [_cpu_s(way.pid) for way in proxies]
    yield
    for way, then in zip(proxies, before, strict=True):
        _note(figures, metric, way, (_cpu_s(way.pid) - then) / amount)


def summary(figures: Figures) -> dict[str, Any]:
    """Each metric's spread by way, and the ratio of ours to theirs: the median over the pairs of values measured one
    after the other.
    """
    shown: dict[str, Any] = {}
    for metric, ways in sorted(figures.items()):
        shown[metric] = {name: _spread(values) for name, values in sorted(ways.items())}
        pairs = zip(ways["blackstart"], ways["toxiproxy"], strict=True)
        shown[metric]["blackstart_to_toxiproxy"] = round(statistics.median(a / b for a, b in pairs), 3)
    return shown


def _spread(values: list[float]) -> dict[str, float]:
    return {
        "min": round(min(values), 3),
        "median": round(statistics.median(values), 3),
        "max": round(max(values), 3),
    }


def targets(shown: dict[str, Any]) -> dict[str, bool]:
    """Whether each target of the module's docstring is met, by the medians."""

    def ratio(metric: str) -> float:
        value: float = shown[metric]["blackstart_to_toxiproxy"]
        return value

    return {
        "throughput at least twice Toxiproxy's": ratio("throughput_gb_s") >= 2,
        "added latency (p50) below Toxiproxy's": ratio("added_latency_us_p50") < 1,
        "latency (p99) below Toxiproxy's": ratio("latency_us_p99") < 1,
        "connections a second at least Toxiproxy's": ratio("connections_s") >= 1,
        "at most 64 KB a connection": shown["memory_kb_per_connection"]["blackstart"]["median"] <= 64,
    }


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--rounds", type=int, default=5, help="times that the proxies are started anew")
    add("--turns", type=int, default=5, help="times that each way is measured in a round")
    add("--trips", type=int, default=2_000, help="round trips a turn")
    add("--megabytes", type=int, default=200, help="bytes of one transfer, in millions")
    add("--connections", type=int, default=1_000, help="connections a turn")
    add("--clients", type=int, default=2, help="processes that make them at once")
    add("--open", type=int, default=1_000, help="connections open at once, for memory")
    add(
        "--toxiproxy", default="", metavar="PATH", help="a built Toxiproxy, where Go is not there to build it"
    )
    add("--out", action="store_true", help="write bench/results/proxy.json")
    return parser.parse_args()


def main() -> None:
    asked = arguments()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory(prefix="toxiproxy-") as folder:
        shown = summary(measure(asked, toxiproxy(asked.toxiproxy, Path(folder))))
    load = {
        name: getattr(asked, name)
        for name in ("turns", "trips", "megabytes", "connections", "clients", "open")
    }
    results = {
        "machine": describe(),
        "toxiproxy": TOXIPROXY.rpartition("@")[2],
        "rounds": asked.rounds,
        "load": load,
        "targets": targets(shown),
        **shown,
    }
    text = json.dumps(results, indent=2)
    print(text)
    if asked.out:
        (ROOT / "bench" / "results" / "proxy.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()

"""The process: flags, one loop, the API, and a clean end."""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import signal
import socket
import sys
from collections.abc import Sequence
from typing import Any

from blackstart.toxics.addresses import join
from blackstart.toxics.api import Api
from blackstart.toxics.collection import Collection, PopulateFailed
from blackstart.toxics.errors import ProxyRefused
from blackstart.toxics.listening import bind, narrowed
from blackstart.toxics.loop import IN, Loop
from blackstart.toxics.proxy import Settings
from blackstart.toxics.web import Server

__all__ = ["Unusable", "arguments", "main", "serve"]

_EPILOG = """\
example:
  python -m blackstart.toxics --port 8474 &
  curl -s 127.0.0.1:8474/proxies -d '{"name": "web", "listen": "127.0.0.1:8001", "upstream": "127.0.0.1:8000"}'
  curl -s 127.0.0.1:8474/proxies/web/toxics -d '{"type": "latency", "attributes": {"latency": 500}}'
"""


class Unusable(Exception):
    """The call cannot be obeyed; the message says why and what to do."""


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """The flags, also as Toxiproxy writes them (`-host`). Ends the process with 2 for unknown ones."""
    parser = argparse.ArgumentParser(
        prog="python -m blackstart.toxics",
        description="A fault proxy for TCP, UDP and HTTP that speaks Toxiproxy's API.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--host", "-host", default="127.0.0.1", help="address of the API (default: 127.0.0.1)")
    add(
        "--port", "-port", default=8474, type=int, help="port of the API; 0: any that is free (default: 8474)"
    )
    add("--config", "-config", default="", metavar="FILE", help="JSON list of proxies to begin with")
    add("--seed", "-seed", default="", help="what chance is drawn from; the same seed, the same chances")
    add("--allow-remote", action="store_true", help="let other machines reach the API and the proxies")
    add(
        "-proxy-metrics",
        "-runtime-metrics",
        action="store_true",
        help="taken and not needed: /metrics is there",
    )
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> int:
    """Serve until SIGINT or SIGTERM. Returns the exit code: 0, or 2 when it cannot begin."""
    flags = arguments(argv)
    try:
        serve(flags.host, flags.port, config=flags.config, seed=flags.seed, allow_remote=flags.allow_remote)
    except Unusable as error:
        print(f"blackstart.toxics: {error}", file=sys.stderr)
        return 2
    return 0


def serve(host: str, port: int, *, config: str = "", seed: str = "", allow_remote: bool = False) -> None:
    """Serve the API until SIGINT or SIGTERM. Prints one line, `listening on 127.0.0.1:8474`, when it does.

    Unusable when it cannot begin.
    """
    loop = Loop()
    seed = seed or os.urandom(6).hex()
    collection = Collection(Settings(loop, seed, allow_remote=allow_remote))
    _raise_limit()
    sock, address = _bind(host, port, allow_remote)
    server = Server(loop, sock, Api(collection))
    try:
        _populate(collection, config)
        _end_on_signal(loop)
        gc.freeze()  # what is there now stays: the collector need not look at it again
        print(f"listening on {address}", flush=True)
        print(f"seed {seed}", file=sys.stderr, flush=True)
        loop.run()
    finally:
        server.close()
        collection.close()


def _bind(host: str, port: int, allow_remote: bool) -> tuple[socket.socket, str]:
    where = join(host, port)
    try:
        return bind(narrowed(where, allow_remote=allow_remote), socket.SOCK_STREAM)
    except ProxyRefused as refused:
        raise Unusable(_reason(refused)) from refused
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise Unusable(
            f"cannot listen on {where}: {why}; choose another --port, or end what is there"
        ) from error


def _populate(collection: Collection, config: str) -> None:
    """The proxies of a file. Anything wrong with it is told before anything is served."""
    if not config:
        return
    try:
        with open(config, encoding="utf-8") as file:
            document: Any = json.load(file)
        collection.populate(document)
    except OSError as error:
        raise Unusable(f"{config}: {error.strerror}") from error
    except ValueError as error:
        raise Unusable(f"{config}: it is no JSON: {error}") from error
    except (ProxyRefused, PopulateFailed) as error:
        refused = error.refused if isinstance(error, PopulateFailed) else error
        raise Unusable(f"{config}: {_reason(refused)}") from error


def _reason(refused: ProxyRefused) -> str:
    """Without the words about a request's body: there was none."""
    return refused.message.removeprefix("bad request body: ")


def _raise_limit() -> None:
    """Each connection needs two descriptors: take all that this user may have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _end_on_signal(loop: Loop) -> None:
    """SIGINT and SIGTERM end the loop, also one that sleeps in epoll: the signal wakes it by a socket."""
    near, far = socket.socketpair()
    for sock in (near, far):
        sock.setblocking(False)
    signal.set_wakeup_fd(far.fileno(), warn_on_full_buffer=False)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)

    def woken(events: int) -> None:
        near.recv(64)
        far.fileno()  # kept open as long as this is registered
        loop.stop()

    loop.register(near.fileno(), IN, woken)

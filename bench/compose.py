"""What the compose replica costs: until it serves, a whole drill, its path, its memory, and until nothing of it is left.

    python bench/compose.py [--runs 5] [--requests 500] [--out]

Targets, on warm images: `up` to steady at most 15 s; a full drill with the jump clock at most 40 s; `down` at most 5 s
with nothing left (containers, networks and volumes counted before and after); memory of the whole replica at most
1.2 GB. Measured besides: what the proxies add to a request, one beside the other in turns: the server itself by its
published port, the drill's proxy before it, and Toxiproxy between both. Needs docker and the images (images/README.md).
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from blackstart.replica.compose import ComposeReplica
from blackstart.replica.containers.engine import DRILL, Engine
from blackstart.replica.waiting import wait_until
from machine import describe

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = Path(sys.executable).with_name("blackstart")
DRILL_RUN = ("run", "scenarios/vault/auth-503.yaml", "--replica", "compose")
STEADY_LIMIT_S = 60.0
WAYS = ("server", "proxy", "proxy and Toxiproxy")
ASKED = "/v1/sys/seal-status"


def timed(do: Callable[[], object]) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


def spread(values: list[float]) -> dict[str, float]:
    return {"min": min(values), "median": statistics.median(values), "max": max(values)}


# --- up and down --------------------------------------------------------------------------------


def steady(replica: ComposeReplica) -> None:
    """Up, and every probe green."""
    replica.up(lambda *news: None)
    if not wait_until(lambda: all(each.read().state == "green" for each in replica.probes()), STEADY_LIMIT_S):
        raise SystemExit("the replica never became steady")


@contextmanager
def replica_in(folder: str, number: int) -> Iterator[ComposeReplica]:
    replica = ComposeReplica(Path(folder) / str(number), f"bench-{number}", ["ic-1"])
    try:
        yield replica
    finally:
        replica.down()


def everything(engine: Engine) -> dict[str, int]:
    """How many containers, networks and volumes docker has, whoever's they are."""
    api = engine.client.api
    volumes = api.volumes()["Volumes"] or []
    return {
        "containers": len(api.containers(all=True)),
        "networks": len(api.networks()),
        "volumes": len(volumes),
    }


# --- while it is up -----------------------------------------------------------------------------


def memory_mb(engine: Engine, label: str) -> dict[str, float]:
    """What each container uses without the page cache, as `docker stats` counts."""
    found = {}
    for each in engine.containers({DRILL: label}, all=False):
        used = engine.client.api.stats(each["Id"], stream=False)["memory_stats"]
        cache = used["stats"].get("total_inactive_file", used["stats"].get("inactive_file", 0))
        found[each["Labels"]["com.docker.compose.service"]] = (used["usage"] - cache) / 1e6
    return found


def request_ms(port: int, requests: int) -> float:
    """The median of so many requests on one connection."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        return statistics.median(timed(lambda: _ask(connection)) for _ in range(requests)) * 1000
    finally:
        connection.close()


def _ask(connection: HTTPConnection) -> None:
    connection.request("GET", ASKED)
    connection.getresponse().read()


def path_ms(replica: ComposeReplica, turns: int, requests: int) -> dict[str, Any]:
    """Each way in turns, so that what else the machine does is shared; `added` is against the server of its own turn."""
    site, front = replica.site, replica.proxy.front
    whole = front.proxies()["vault"]["upstream"]
    figures: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(turns):
        figures[WAYS[0]].append(request_ms(site.behind["vault"][1], requests))
        front.move("vault", upstream="vault:8200")
        figures[WAYS[1]].append(request_ms(site.at["vault"][1], requests))
        front.move("vault", upstream=whole)
        figures[WAYS[2]].append(request_ms(site.at["vault"][1], requests))
    added = {
        way: spread([mine - bare for mine, bare in zip(figures[way], figures[WAYS[0]], strict=True)])
        for way in WAYS[1:]
    }
    return {"request_ms": {way: spread(values) for way, values in figures.items()}, "added_ms": added}


def drill(reports: str) -> None:
    done = subprocess.run(
        [PROGRAM, *DRILL_RUN, "--reports-dir", reports], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    if done.returncode != 0:
        raise SystemExit(f"blackstart {' '.join(DRILL_RUN)} ended with status {done.returncode}")


def measured(runs: int, requests: int) -> dict[str, Any]:
    ups, downs, drills, lefts = [], [], [], []
    memory: dict[str, float] = {}
    path: dict[str, Any] = {}
    engine = Engine.connect()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(runs):
            before = everything(engine)
            with replica_in(folder, number) as replica:
                ups.append(timed(lambda replica=replica: steady(replica)))  # type: ignore[misc]  # bound on purpose
                if number == 0:
                    memory = memory_mb(engine, replica.label)
                    path = path_ms(replica, runs, requests)
                downs.append(timed(replica.down))
            after = everything(engine)
            lefts.append({kind: after[kind] - before[kind] for kind in before})
            drills.append(timed(lambda: drill(folder)))
    total_mb = sum(memory.values())
    return {
        "up_to_steady_s": spread(ups),
        "drill_s": spread(drills),
        "down_s": spread(downs),
        "left_after_down": lefts,
        "memory_mb": {"total": total_mb, **memory},
        "path": path,
        "targets": {
            "up to steady at most 15 s": max(ups) <= 15,
            "a drill at most 40 s": max(drills) <= 40,
            "down at most 5 s": max(downs) <= 5,
            "nothing left": not any(any(each.values()) for each in lefts),
            "at most 1.2 GB": total_mb <= 1200,
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--requests", type=int, default=500, help="requests a way and turn")
    parser.add_argument("--out", action="store_true", help="write bench/results/compose.json")
    asked = parser.parse_args()
    results = {"machine": describe(), "runs": asked.runs, **measured(asked.runs, asked.requests)}
    text = json.dumps(results, indent=2)
    print(text)
    if asked.out:
        (ROOT / "bench" / "results" / "compose.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()

"""How fast the record is: durable events a second from eight writers, and reading and verifying a long one.

    python bench/record.py [--events 100000] [--runs 5] [--folder DIR] [--out]

Targets: at least 5,000 durable events a second from eight writers that each wait for their own event to be on disk
(SQLite WAL, synchronous=FULL); reading 100,000 events in well under the 2 s that a whole review of them may take.
`fsync_us` says what one durable write costs on this filesystem: no record can be faster than its disk.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from blackstart.clock import RealClock, stamp
from blackstart.events import Body, FreeText, ProbeChanged, ProbesSampled, ThreadPosted
from blackstart.record.reader import read
from blackstart.record.store import Record
from blackstart.record.verify import verify
from machine import describe

ROOT = Path(__file__).resolve().parent.parent
WRITERS = 8
EACH = 1_000
PROBES = (
    "vault",
    "dns",
    "resolver",
    "registry",
    "ship",
    "authenticate",
    "payments-serving",
    "orders-serving",
)


def seconds(work: Callable[[], object]) -> float:
    """How long one call takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def fsync_us(folder: Path) -> float:
    """Microseconds of one durable write of 4 KB, as the median of 200."""
    with (folder / "fsync").open("wb", buffering=0) as file:

        def once() -> None:
            file.write(bytes(4096))
            os.fsync(file.fileno())

        return statistics.median(seconds(once) for _ in range(200)) * 1e6


def durable(folder: Path) -> float:
    """Events a second from eight threads, each of which waits until its own event is on disk."""
    clock = RealClock()
    record = Record.create(folder)

    def write() -> None:
        for _ in range(EACH):
            body = ProbeChanged("vault", "red", "503 Vault is sealed", 60.0)
            record.append(body, stamp=stamp(clock), actor="vault", source="probe")

    threads = [threading.Thread(target=write) for _ in range(WRITERS)]

    def all_of_them() -> None:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    took = seconds(all_of_them)
    record.close(stamp(clock))
    if verify(folder).state != "ok":
        raise SystemExit("the record does not verify: its speed says nothing")
    return WRITERS * EACH / took


def body(number: int) -> Body:
    """What a long drill mostly records: rounds of probes, changes, messages."""
    if number % 20 == 0:
        return ThreadPosted(f"m-{number}", "incident", FreeText.of("[15:42 UTC] STATUS UPDATE " * 12))
    if number % 5 == 0:
        return ProbeChanged("vault", "red", "503 Vault is sealed", float(number))
    return ProbesSampled(dict.fromkeys(PROBES, "green"), dict.fromkeys(PROBES, 1.2))


def long_record(folder: Path, events: int) -> None:
    clock = RealClock()
    record = Record.create(folder)
    for number in range(events - 1):
        record.append_later(body(number), stamp=stamp(clock), actor="sampler", source="probe")
    record.close(stamp(clock))


def spread(values: list[float]) -> dict[str, float]:
    return {
        "min": round(min(values), 3),
        "median": round(statistics.median(values), 3),
        "max": round(max(values), 3),
    }


def measure(folder: Path, events: int, runs: int) -> dict[str, Any]:
    rates = []
    for run in range(runs):
        (folder / f"run-{run}").mkdir()
        rates.append(durable(folder / f"run-{run}"))
    long = folder / "long"
    long.mkdir()
    written = seconds(lambda: long_record(long, events))
    return {
        "fsync_us": round(fsync_us(folder), 1),
        "durable_events_per_second": {"writers": WRITERS, "events": WRITERS * EACH, **spread(rates)},
        "long_record": {
            "events": events,
            "size_mb": round((long / "record.sqlite").stat().st_size / 1e6, 1),
            "write_s": round(written, 3),
            "read_s": spread([seconds(lambda: read(long)) for _ in range(runs)]),
            "verify_s": spread([seconds(lambda: verify(long)) for _ in range(runs)]),
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--events", type=int, default=100_000, help="length of the long record")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument(
        "--folder", type=Path, default=ROOT, help="where to write; a temporary folder is made inside"
    )
    parser.add_argument("--out", action="store_true", help="write bench/results/record.json")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=asked.folder) as name:
        measured = measure(Path(name), asked.events, asked.runs)
    results = {"machine": describe(asked.folder), "runs": asked.runs, **measured}
    text = json.dumps(results, indent=2)
    print(text)
    if asked.out:
        (ROOT / "bench" / "results" / "record.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()

"""How long the judgement of a long record takes, reading included.

    python bench/review.py [--events 100000] [--runs 5] [--out]

Target: at most 2 s for 100,000 events. The record is made up: a drill in real time, a round of nine probes every second,
people who write every ten minutes and run a command every five, a probe that flaps every half hour. `cpu_s` is what of
both was this program's own work: on a busy machine the rest is waiting for a processor.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from blackstart import events as ev
from blackstart.chain import FreeText
from blackstart.record.reader import read
from blackstart.review import review, to_bytes
from blackstart.testing import History
from machine import describe

ROOT = Path(__file__).resolve().parent.parent
FILES = {
    "scenario": "scenarios/vault/auth-503.yaml",
    "protocol": "scenarios/protocols/playbook.yaml",
    "runbook": "scenarios/runbooks/vault-sealed.md",
    "platform": "scenarios/platform.yaml",
}
COMPONENTS = ("vault", "dns", "resolver", "registry")
CAPABILITIES = ("ship", "authenticate")
TEAMS = ("payments", "orders", "search")
PROBES = (*COMPONENTS, *CAPABILITIES, *(f"{team}-serving" for team in TEAMS))
HIT = ("vault", "ship", "authenticate")
DRILL = "INC-2026-04-26-001"
IMPACT = "ship and authenticate fail: new deploys do not work. payments, orders and search keep serving."
WRITE_EVERY_S, RUN_EVERY_S, FLAP_EVERY_S = 600, 300, 1800

T = TypeVar("T")


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """How long one call takes, and what it gives."""
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def _header() -> ev.DrillOpened:
    texts = {kind: (ROOT / path).read_text("utf-8") for kind, path in FILES.items()}
    inputs = [
        {"kind": kind, "path": FILES[kind], "sha256": sha256(text.encode()).hexdigest(), "text": text}
        for kind, text in texts.items()
    ]
    people = [{"id": who, "roles": [who.partition("-")[0]]} for who in ("ic-1", "sme-1", "comms-1")]
    return ev.DrillOpened(
        DRILL, 1, "0", "auth-503", "bench", 1, "local", "real", 1.0, "2026-04-26T15:30:00Z", 1.0, people, inputs
    )  # fmt: skip


def _begin(history: History) -> None:
    history.add(_header(), at=0.0)
    for probe in PROBES:
        of: Any = "component" if probe in COMPONENTS else "capability" if probe in CAPABILITIES else "team"
        subject = probe.removesuffix("-serving")
        history.add(ev.ProbeDeclared(probe, of, subject, 1.0), actor=probe, source="probe")
    _change(history, 0, PROBES, "green")
    history.add(ev.StageEntered("respond"), at=60.0)
    history.add(ev.FaultIntended("sealed", "vault.seal", "vault", {}, {}, "vault", 10.0))


def _change(history: History, second: int, probes: tuple[str, ...], state: Any) -> None:
    for probe in probes:
        since_s = max(second - 1.0, 0.0)
        history.add(ev.ProbeChanged(probe, state, "", since_s), at=float(second), actor=probe, source="probe")


def _second(history: History, second: int) -> None:
    """What happens in one second of it."""
    states = dict.fromkeys(PROBES, "green")
    latency = dict.fromkeys(PROBES, 2.5)
    history.add(ev.ProbesSampled(states, latency), at=float(second), actor="sampler", source="probe")
    if second == 61:
        _change(history, second, HIT, "red")
        history.add(ev.FaultEffective("sealed", "vault"))
    elif second == 135:
        history.add(
            ev.PageFired("p-1", "vault", FreeText.of("[DRILL] VaultLoginFailing"), "ic-1"), source="page"
        )
        history.add(ev.PageDelivered("p-1", "ic-1", 1), source="page")
    elif second == 171:
        history.add(ev.PageAcked("p-1", "ic-1"), actor="ic-1", source="page")
    elif second > 171 and second % WRITE_EVERY_S == 0:
        _write(history, second)
    elif second > 171 and second % RUN_EVERY_S == 0:
        _run(history, second)
    elif second > 171 and second % FLAP_EVERY_S < 2:
        _change(history, second, ("orders-serving",), "red" if second % FLAP_EVERY_S == 0 else "green")


def _write(history: History, second: int) -> None:
    at = history.events[-1].at
    text = (
        f"[{at[11:16]} UTC] STATUS UPDATE — {DRILL}\nSymptom: logins answer 503\nImpact: {IMPACT}\n"
        "Investigation: Vault is sealed\nNext update: in 15 minutes, or sooner if the state changes"
    )
    body = ev.ThreadPosted(f"m-{second}", "incident", FreeText.of(text))
    history.add(body, actor="comms-1", source="thread")


def _run(history: History, second: int) -> None:
    name, shell = f"sme-1/c-{second}", "sme-1/sh-1"
    line = FreeText.of("bao status")
    history.add(ev.CommandStarted(name, shell, line), actor="sme-1", source="terminal")
    done = ev.CommandFinished(name, shell, 2, 0.1, FreeText.of("Sealed  true"))
    history.add(done, actor="sme-1", source="terminal")


def made_up(events: int) -> History:
    """A record of so many events, ended by its limit."""
    history, second = History(), 0
    _begin(history)
    while len(history.events) < events - 2:
        second += 1
        _second(history, second)
    history.add(ev.DrillEnded("limit", "the bench's own"))
    history.close()
    return history


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--out", action="store_true", help="write bench/results/review.json")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = measured(Path(folder), asked.events, asked.runs)
    text = json.dumps(results, indent=2) + "\n"
    print(text, end="")
    if asked.out:
        (ROOT / "bench" / "results" / "review.json").write_text(text)


def measured(folder: Path, events: int, runs: int) -> dict[str, Any]:
    """Read and judge the same record several times."""
    made_up(events).save(folder)
    reading, judging, both, busy = [], [], [], []
    for _ in range(runs):
        began = time.process_time()
        read_s, record = timed(lambda: read(folder))
        review_s, judged = timed(lambda record=record: review(record))  # type: ignore[misc]
        reading.append(read_s)
        judging.append(review_s)
        both.append(read_s + review_s)
        busy.append(time.process_time() - began)
    return {
        "machine": describe(folder),
        "runs": runs,
        "events": len(record),
        "review_bytes": len(to_bytes(judged)),
        "read_s": _spread(reading),
        "review_s": _spread(judging),
        "read_and_review_s": _spread(both),
        "cpu_s": _spread(busy),
    }


def _spread(seconds: list[float]) -> dict[str, float]:
    return {
        "min": round(min(seconds), 3),
        "median": round(statistics.median(seconds), 3),
        "max": round(max(seconds), 3),
    }


if __name__ == "__main__":
    main()

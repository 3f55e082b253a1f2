"""What is left of a drill whose harness is killed at a random instant, and how soon an aborted one is healed.

    python bench/soak.py [--rounds 1000] [--seed 1] [--at-once 2] [--aborts 4] [--deep 3] [--paced 5] [--left-after 3]
                         [--minutes M] [--out]

Every round is a real drill with one to three faults of the catalogue, chosen by the seed, in a folder of its own;
every `paced`-th in paced time, in which faults stay for seconds, the others in time that jumps from one thing to the
next. At a random instant (before its folder is made, while servers start, while faults break or heal, while the record
is closed) its harness is killed (SIGKILL), in every `aborts`-th round asked to end (SIGTERM).
Three seconds later it counts, and all must be zero:

- faults left: what is there, by the fault itself or its probe, once the kept servers are started again. Every fault
  that the ledger does not call proven is looked at so; the proven ones are in every `deep`-th round;
- events lost: what the harness was told is durable (it says so on a pipe) and is not in the record;
- processes left: anything that carries the drill's label, or names its folder: servers, shells, watchdog, healer;
- records unreadable: `verify` calls it altered or torn, or it cannot be read at all.

A fault that was not proven within these three seconds, and is gone when it is looked at, is a figure of its own, and
every one is named: it ended with the servers that it lived in, or its probe was not green before they were ended.

Then `recover` must close it: nothing left, and `verify` says ok. Targets: all zero; abort to healed p99 at most 2 s,
by the ledger, from the signal to the last row that is healed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import select
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from blackstart import watchdog
from blackstart.check import load_scenario
from blackstart.drill.folder import REPLICA, label_of
from blackstart.drill.recover import recover
from blackstart.errors import BlackstartError, ReplicaError
from blackstart.events import FaultUnproven
from blackstart.faults.catalogue import load, names, of_row
from blackstart.faults.ledger import Ledger, Row
from blackstart.platform import Platform
from blackstart.record.ids import known
from blackstart.record.reader import read
from blackstart.record.verify import verify
from blackstart.replica.local import LocalReplica
from blackstart.source import load as load_file
from machine import describe

ROOT = Path(__file__).resolve().parent.parent

SPAN_S = 3.5
"""Real seconds from a drill's first event in which the instant falls; a drill alone takes about three."""

PACE = 50.0
"""Drill seconds a real second in a paced round."""

PACED_SPAN_S = 16.0
"""As SPAN_S, for a paced round: nobody answers, so its faults stay for all of the limits below."""

EARLY = 0.1
"""The share of instants that count from the start of the process: before, while and after the drill's folder is made."""

LEFT_AFTER_S = 3.0
"""Real seconds after the kill at which what is left is counted; more are asked for on a machine that is busy."""

ENDED_S = 60.0
"""Real seconds that a harness gets to end in order after SIGTERM; more means that it hangs."""

PORTS_S = 60.0
"""Real seconds in which kept servers must start again: a drill beside them that has one of their ports is over then."""

SERVED_S = 10.0
"""Real seconds in which a fault's probe must be green once its servers are started again."""

SCENARIO = """\
kind: scenario
title: A drill that is killed
story: Something breaks, and then the harness does.
brief: An ordinary working day.
protocol: playbook
runbook: vault-sealed
blocks: []
steady: 2s
injects: []
faults:
{faults}
recovered: {{probes: [], sustained: 5s}}
clean_window: 10s
limits: {{respond: 10m, observe: 2m}}
gate: {{no_finding: major}}
"""

EXPECTED = (0, 1, 4, -signal.SIGTERM)
"""How a harness ends that was not killed: judged, aborted, or asked to end before it was there to hear it."""

LEFT = ("faults_left", "events_lost", "processes_left", "records_unreadable", "not_recovered")
"""What must be zero."""


@dataclass
class Round:
    """One drill that was killed or aborted. `broken` has what should not be, in words."""

    number: int
    how: str
    paced: bool
    early: bool
    after_s: float
    faults: list[str]
    exit_code: int = 0
    said: str = ""
    stage: str = "nothing yet"
    events: int = 0
    clean_s: float | None = None
    healed_s: float | None = None
    rows: dict[str, int] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)
    proven_seen: int = 0
    open_seen: int = 0
    broken: dict[str, list[str]] = field(default_factory=dict)

    def wrong(self, what: str, why: str) -> None:
        self.broken.setdefault(what, []).append(why)


# --- the harness that is killed -------------------------------------------------------------------


def drill(scenario: Path, reports: Path, seed: int, pace: float | None) -> None:
    """Run one drill; say the number of each event on stdout once `append` has returned for it."""
    from blackstart.drill.planning import Asked, drills_of
    from blackstart.drill.run import run
    from blackstart.record.store import Record

    append = Record.append

    def told(self: Record, *words: Any, **more: Any) -> Any:
        event = append(self, *words, **more)
        os.write(1, f"{event.seq}\n".encode())
        return event

    Record.append = told  # type: ignore[method-assign]  # to know what the harness was promised
    (options,) = drills_of(Asked(scenario, reports, ROOT, crew="silent", seed=seed, pace=pace))
    result = run(options)
    print(result.error or "", file=sys.stderr)
    sys.exit(int(result.exit_code))


# --- one round ------------------------------------------------------------------------------------


def play(number: int, folder: Path, asked: argparse.Namespace) -> Round:
    """Start a drill, end its harness, count what is left, and have it recovered."""
    dice = random.Random(f"{asked.seed}/{number}")
    reports = folder / f"round-{number:04d}"
    scenario, faults = chosen(dice, folder / f"round-{number:04d}.yaml")
    how, paced = "SIGTERM" if nth(asked.aborts, number) else "SIGKILL", nth(asked.paced, number)
    instant = round(dice.uniform(0.0, PACED_SPAN_S if paced else SPAN_S), 3)
    this = Round(number, how, paced, dice.random() < EARLY, instant, faults)
    pace = [str(PACE)] if paced else []
    argv = [sys.executable, __file__, "--drill", str(scenario), str(reports), str(number), *pace]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as harness:
        ended = end(harness, this)
        assert harness.stdout is not None
        assert harness.stderr is not None
        said, errors = harness.stdout.read(), harness.stderr.read().decode()
    this.exit_code, this.said = harness.returncode, errors.strip()[-300:]
    if harness.returncode == 70 or "Traceback" in errors:
        this.wrong("crashed", errors[-600:])
    count(this, reports, {int(seq) for seq in said.split(b"\n")[:-1]}, ended, asked.left_after)
    for drill_id in known(reports):
        look_deep(this, reports / drill_id, proven_too=nth(asked.deep, number))
    have_recovered(this, reports)
    return this


def nth(every: int, number: int) -> bool:
    """Whether it is this round's turn; with 0 it never is."""
    return every > 0 and number % every == 0


def chosen(dice: random.Random, path: Path) -> tuple[Path, list[str]]:
    """One to three faults that may be together in one drill."""
    wanted = dice.sample(possible(), dice.randint(1, 3))
    while not written(path, wanted):
        wanted.pop()  # two that fight: one of them alone may be
    return path, [f"{fault} on {target}" for fault, target in wanted]


def written(path: Path, wanted: list[tuple[str, str]]) -> bool:
    """Write the scenario with these faults; whether it is one that may be run."""
    lines = [
        f"  - {{id: f{n}, fault: {fault}, target: {target}, at: {n * 10}s}}"
        for n, (fault, target) in enumerate(wanted)
    ]
    path.write_text(SCENARIO.format(faults="\n".join(lines)), "utf-8")
    try:
        load_scenario(path, ROOT)
    except BlackstartError:
        return False
    return True


@cache
def possible() -> list[tuple[str, str]]:
    """Every fault of the catalogue that the embedded replica supports, on everything that it can break, without any parameter."""
    platform = load_file(Platform, ROOT / "scenarios" / "platform.yaml").model
    targets = {
        **{name: about.kind or name for name, about in platform.components.items()},
        "payments": "workload",
    }
    with tempfile.TemporaryDirectory() as folder:
        found = [
            (fault, target)
            for fault in names()
            for target, kind in targets.items()
            if "local" in load(fault).replicas
            if {"*", kind} & set(load(fault).kinds) and written(Path(folder) / "x.yaml", [(fault, target)])
        ]
    if not found:
        raise SystemExit("no fault of the catalogue can be run without parameters")
    return found


def end(harness: subprocess.Popen[bytes], this: Round) -> float:
    """Wait for the instant, then send the signal; the moment (UTC seconds) at which it was sent.

    A SIGTERM is waited for: the harness ends in order, and alone knows when it is done.
    """
    if not this.early and harness.stdout is not None:
        select.select([harness.stdout], [], [], ENDED_S)
    handle = os.pidfd_open(harness.pid)
    over = bool(select.select([handle], [], [], this.after_s)[0])
    os.close(handle)
    if over:
        this.how = "over"
    sent = time.time()
    if not over:
        harness.send_signal(signal.Signals[this.how])
    if this.how == "SIGTERM":
        drain(harness, this)
    return sent


def drain(harness: subprocess.Popen[bytes], this: Round) -> None:
    try:
        harness.wait(ENDED_S)
    except subprocess.TimeoutExpired:
        this.wrong("hung", f"{ENDED_S:g} s after SIGTERM the harness still ran")
        harness.kill()


def count(this: Round, reports: Path, told: set[int], ended: float, left_after: float) -> None:
    """What is left so many seconds after the end; what is gone before cannot come back."""
    while left := ours(reports):
        if time.time() - ended >= left_after and this.how != "SIGTERM":
            break
        if time.time() - ended >= ENDED_S:
            break
        time.sleep(0.02)
    this.clean_s = round(time.time() - ended, 3)
    for process in left:
        this.wrong("processes_left", process)
    for drill_id in known(reports):
        look(this, reports / drill_id, told, ended)
    if told and not known(reports):
        this.wrong("events_lost", f"{len(told)} events and no drill")


def ours(reports: Path) -> list[str]:
    """Every process that has to do with the drills of a folder: by label, or because it names the folder."""
    labels = [label_of(reports / drill_id) for drill_id in known(reports)]
    by_label = {pid for label in labels for pid in watchdog.processes(label)}
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            line = Path(f"/proc/{name}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if int(name) in by_label or f"{reports}/" in line:
            found.append(f"{name} {line}")
    return found


def look(this: Round, folder: Path, told: set[int], ended: float) -> None:
    """The record and the ledger of one drill."""
    if not (folder / "record.sqlite").exists():
        if told:
            this.wrong("events_lost", f"{len(told)} events and no record")
        return
    try:
        verdict, events = verify(folder), read(folder)
    except BlackstartError as error:
        this.wrong("records_unreadable", error.message)
        return
    if verdict.state not in ("ok", "unclosed") and (this.how, verdict.state) != ("SIGKILL", "torn"):
        this.wrong("records_unreadable", f"{verdict.state}: {verdict.why}")
    lost = told - {event.seq for event in events}
    if lost:
        this.wrong("events_lost", f"of {len(told)}: {sorted(lost)}")
    this.events = len(events)
    this.stage = (
        [getattr(e.body, "stage", "") for e in events if e.kind == "stage.entered"][-1:][0] if events else ""
    )
    rows = Ledger(folder).latest().values()
    this.rows = dict(Counter(row.state for row in rows))
    this.open = [row.type for row in rows if row.state != "proven"]
    if this.open and this.how == "SIGKILL" and (log := folder / "watchdog.log").exists():
        print(f"round {this.number}: open {this.open}\n{log.read_text('utf-8')}", file=sys.stderr, flush=True)
    if this.how == "SIGTERM":
        this.healed_s = healed_after(folder, ended)
        why = {event.body.fault: event.body.why for event in events if isinstance(event.body, FaultUnproven)}
        for row in rows:
            if row.state != "proven":
                said = why.get(row.fault, this.said)
                this.wrong("faults_left", f"after an abort {row.fault} ({row.type}) is {row.state}: {said}")


def healed_after(folder: Path, asked: float) -> float | None:
    """Seconds from the signal to the last row that was healed; None when nothing was broken at that time."""
    moments = []
    for line in (
        (folder / "ledger.jsonl").read_bytes().splitlines() if (folder / "ledger.jsonl").exists() else []
    ):
        row = Row.from_line(line)
        if row.state in ("healed", "recovered"):
            moments.append(datetime.fromisoformat(row.wall).astimezone(UTC).timestamp() - asked)
    return round(max(moments), 3) if moments and max(moments) > 0 else None


def look_deep(this: Round, folder: Path, *, proven_too: bool) -> None:
    """Start the kept servers again, and see which fault is still there. One that cannot be looked at counts as left.

    A drill that was closing takes its data away, and every fault of its replica with it. What is half gone cannot be
    started any more: of a fault that is proven nothing is asked then.
    """
    rows = [
        row
        for row in Ledger(folder).latest().values()
        if row.state != "proven" or (proven_too and not closing(this))
    ]
    if not rows or not (folder / REPLICA).exists():
        return
    try:
        replica = LocalReplica.attach(folder / REPLICA, label_of(folder))
        up_again(replica)
    except BlackstartError as error:
        for row in rows:
            this.wrong("faults_left", f"{named(row)}, and cannot be looked at: {error.message}")
        return
    try:
        for row in rows:
            look_at(this, replica, row)
    finally:
        replica.down()
        watchdog.kill(label_of(folder))


def up_again(replica: LocalReplica) -> None:
    """Start it again; another round's drill may have one of its ports, and gives it back. ReplicaError."""
    ends = time.monotonic() + PORTS_S
    while True:
        try:
            return replica.resume_up(lambda what, done, total: None)
        except ReplicaError:
            if time.monotonic() >= ends:
                raise
        time.sleep(0.5)


def closing(this: Round) -> bool:
    return this.stage == "close"


def look_at(this: Round, replica: LocalReplica, row: Row) -> None:
    this.proven_seen += row.state == "proven"
    this.open_seen += row.state != "proven"
    if why := still_there(replica, row):
        this.wrong("faults_left", f"{named(row)}, and {why}")


def named(row: Row) -> str:
    return f"{row.fault} ({row.type} on {row.target}) is {row.state}"


def still_there(replica: LocalReplica, row: Row) -> str:
    """What is seen of a fault that should be gone; an empty text when nothing is."""
    fault = of_row(row)
    own = [probe for probe in replica.probes() if probe.name == row.probe]
    brought = fault.probe(replica, row.target)
    probe = own[0] if own else brought
    began, why = time.monotonic(), "its probe was never read"
    while time.monotonic() - began < SERVED_S:
        seen = probe.read() if probe else None
        if not fault.gone(replica, row.target, row.undo):
            why = "it says itself that it is there"
        elif seen is not None and seen.state != "green":
            why = f"{row.probe} is {seen.state}: {seen.reason}"
        else:
            return ""
        time.sleep(0.05)
    return why


def have_recovered(this: Round, reports: Path) -> None:
    """`recover` closes it: nothing left, every fault proven, the record whole."""
    for done in recover(reports):
        for left in done.left:
            this.wrong("not_recovered", left)
    for drill_id in known(reports):
        folder = reports / drill_id
        if Ledger(folder).open_rows():
            this.wrong("not_recovered", "a fault is open in the ledger")
        if (folder / "record.sqlite").exists() and (verdict := verify(folder)).state != "ok":
            this.wrong("not_recovered", f"{verdict.state}: {verdict.why}")


# --- all of them ----------------------------------------------------------------------------------


def soak(asked: argparse.Namespace) -> list[Round]:
    began = time.monotonic()
    done: list[Round] = []

    def one(number: int) -> None:
        if asked.minutes and time.monotonic() - began > asked.minutes * 60:
            return
        this = play(number, Path(folder), asked)
        done.append(this)
        if this.broken:
            print(f"round {number}: {this.broken}", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory(prefix="soak-") as folder, ThreadPoolExecutor(asked.at_once) as pool:
        list(pool.map(one, range(1, asked.rounds + 1)))
    return sorted(done, key=lambda this: this.number)


def spread(values: Sequence[float | None]) -> dict[str, float]:
    known_values = sorted(value for value in values if value is not None)
    if not known_values:
        return {"count": 0}
    return {
        "count": len(known_values),
        "p50": round(statistics.median(known_values), 3),
        "p99": known_values[max(0, -(-99 * len(known_values) // 100) - 1)],
        "max": known_values[-1],
    }


def summary(rounds: list[Round]) -> dict[str, Any]:
    killed = [this for this in rounds if this.how == "SIGKILL"]
    rows = Counter[str]()
    for this in killed:
        rows.update(this.rows)
    others = sorted({what for this in rounds for what in this.broken} - set(LEFT))
    return {
        "rounds": len(rounds),
        "paced": sum(this.paced for this in rounds),
        "ended": dict(Counter(this.how for this in rounds)),
        "exit_codes_unless_killed": dict(Counter(this.exit_code for this in rounds if this.how != "SIGKILL")),
        "other_exits": [
            f"round {this.number}, {this.how}: {this.exit_code}: {this.said}"
            for this in rounds
            if this.how != "SIGKILL" and this.exit_code not in EXPECTED
        ],
        "stages": dict(Counter(this.stage for this in rounds)),
        "faults": dict(Counter(fault.split(" on ")[0] for this in rounds for fault in this.faults)),
        "events": sum(this.events for this in rounds),
        **{what: sum(len(this.broken.get(what, ())) for this in rounds) for what in (*LEFT, *others)},
        "after_kill_s": spread([this.clean_s for this in killed]),
        "rows_after_kill": dict(rows),
        "not_proven_within_3_s": dict(Counter(fault for this in killed for fault in this.open)),
        "rows_looked_at": {
            "proven": sum(this.proven_seen for this in rounds),
            "not proven": sum(this.open_seen for this in rounds),
        },
        "abort_to_healed_s": spread([this.healed_s for this in rounds]),
        "broken": [
            {
                "round": this.number,
                "how": this.how,
                "after_s": this.after_s,
                "faults": this.faults,
                **this.broken,
            }
            for this in rounds
            if this.broken
        ],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1, help="chooses faults and instants")
    parser.add_argument("--at-once", type=int, default=2, help="drills side by side")
    parser.add_argument(
        "--aborts", type=int, default=4, help="every so many rounds is aborted, not killed; 0: none"
    )
    parser.add_argument(
        "--deep",
        type=int,
        default=3,
        help="in every so many rounds what is proven is looked at too; 0: never",
    )
    parser.add_argument(
        "--paced", type=int, default=5, help="every so many rounds runs in paced time; 0: none"
    )
    parser.add_argument(
        "--left-after",
        type=float,
        default=LEFT_AFTER_S,
        help="seconds after a kill at which it counts what is left",
    )
    parser.add_argument("--minutes", type=float, default=0.0, help="begin no round after that; 0: no limit")
    parser.add_argument("--out", action="store_true", help="write bench/results/soak.json")
    asked = parser.parse_args()
    rounds = soak(asked)
    results = {"machine": describe(), "seed": asked.seed, "at_once": asked.at_once, **summary(rounds)}
    text = json.dumps(results, indent=2)
    print(text)
    if asked.out:
        (ROOT / "bench" / "results" / "soak.json").write_text(text + "\n", "utf-8")
    sys.exit(1 if results["broken"] else 0)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--drill"]:
        drill(
            Path(sys.argv[2]),
            Path(sys.argv[3]),
            int(sys.argv[4]),
            float(sys.argv[5]) if sys.argv[5:] else None,
        )
    main()

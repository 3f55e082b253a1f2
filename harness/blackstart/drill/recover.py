"""Heal what a drill left whose harness died: its faults, its servers, its data, its record.

While its servers still run, every fault is undone in them and proven by its probe. Then they are ended and their data
is removed. A fault of the local replica lives in these servers and data alone, so that none is left is a proof as
well. The record is completed and closed with the truth: the harness died, and who healed what it had broken.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from blackstart import watchdog
from blackstart.drill.active import CONTAINED, SERVERS_GONE
from blackstart.drill.closing import close_record, closed, copied
from blackstart.drill.folder import LABEL, REPLICA, holder, keep_logs, label_of, mine, remove_replica
from blackstart.errors import BlackstartError, ReplicaError
from blackstart.faults.ledger import NAME, Ledger, LedgerFailed, Row
from blackstart.record.ids import known
from blackstart.record.reader import header
from blackstart.replica.containers import remains

if TYPE_CHECKING:
    from blackstart.replica.base import Replica

__all__ = ["Recovered", "recover"]


@dataclass(slots=True)
class Recovered:
    """One drill that was not closed in order: what was done, and what could not be healed."""

    drill: str
    did: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def recover(reports: Path) -> list[Recovered]:
    """Recover every drill of the reports folder that needs it; one that still runs is left alone.

    What keeps one drill from being recovered stands in its `left`, and keeps no other. UsageError for a folder that
    cannot be.
    """
    found = []
    for folder in (reports / drill for drill in known(reports)):
        with _spared(folder) as drill:
            if _needs_it(folder):
                _end_stopped(folder, drill)
                watchdog.finished(folder)
                with mine(folder) as ours:
                    if ours and _needs_it(folder):
                        found.append(drill)
                        _recover(folder, drill)
        if drill.left and drill not in found:
            found.append(drill)
    return found


@contextmanager
def _spared(folder: Path) -> Iterator[Recovered]:
    """What goes wrong with one drill is its own: the others must be recovered all the same."""
    drill = Recovered(folder.name)
    try:
        yield drill
    except BlackstartError as error:
        drill.left.append(f"{error.message}; {error.hint}" if error.hint else error.message)
    except OSError as error:
        drill.left.append(
            f"{error.filename or folder}: {error.strerror or error}; mend that, and run: blackstart recover"
        )
    except Exception as error:  # what nobody has thought of
        drill.left.append(
            f"it cannot be recovered: {type(error).__name__}: {error}; see what is in {folder}, "
            "and run: blackstart recover"
        )


def _needs_it(folder: Path) -> bool:
    if (folder / REPLICA).exists() or watchdog.processes(label_of(folder)):
        return True
    ledger = Ledger(folder)
    if ledger.open_rows() or ledger.damaged():
        return True
    return (folder / "record.sqlite").exists() and not (closed(folder) and copied(folder))


def _end_stopped(folder: Path, drill: Recovered) -> None:
    """End its watchdog where somebody stopped it: it may keep the folder, and would never end."""
    if holder(folder) is None:
        for pid in watchdog.end_stopped(label_of(folder)):
            drill.did.append(f"ended its watchdog ({pid}), which was stopped")


def _recover(folder: Path, drill: Recovered) -> None:
    if _label_lost(folder):
        drill.left.append(_find_label(folder))
        return
    proofs = _undone(folder, drill)
    _end_servers(folder, drill)
    if not drill.left:
        _remove_data(folder, drill)
    if not drill.left:
        proofs |= _gone_with_servers(folder, drill)
    _see_damage(folder, drill)
    drill.did += close_record(folder, proofs)


# --- its faults -----------------------------------------------------------------------------------


def _undone(folder: Path, drill: Recovered) -> dict[str, str]:
    """Undo every open fault in servers that still run. Returns which probe proved each that is proven."""
    from blackstart.faults.healer import heal

    ledger = Ledger(folder)
    if not _serves(folder) or not _read_rows(ledger, drill):
        return {}
    replica = _attached(folder, drill)
    if replica is None:
        return {}
    try:
        healed = heal(ledger, replica)
    except Exception as error:  # whatever it is, its servers must be ended all the same
        drill.did.append(f"did not heal in its servers: {type(error).__name__}: {error}")
        return {}
    drill.did += [str(each) for each in healed]
    return {each.row.fault: each.row.probe for each in healed if not each.why}


def _serves(folder: Path) -> bool:
    """Whether anything of its replica still runs. What docker does not tell now is left to be recovered later."""
    label = label_of(folder)
    try:
        return remains.running(folder / REPLICA, label) or bool(watchdog.processes(label))
    except ReplicaError:
        return False  # said by whoever removes them


def _read_rows(ledger: Ledger, drill: Recovered) -> list[Row]:
    """What is open; nothing when the ledger cannot be read: its servers must be ended all the same."""
    try:
        return ledger.open_rows()
    except LedgerFailed as error:
        drill.did.append(f"did not heal in its servers: {error.message}")
        return []


def _attached(folder: Path, drill: Recovered) -> Replica | None:
    """The drill's replica, from what is on disk of it; None when too little is."""
    from blackstart.replica.attached import attach

    try:
        return attach(folder / REPLICA, label_of(folder))
    except (BlackstartError, OSError, ValueError) as error:
        drill.did.append(f"did not heal in its servers, which cannot be reached: {error}")
        return None


def _gone_with_servers(folder: Path, drill: Recovered) -> dict[str, str]:
    """Mark every fault that is still open as healed and proven: servers and data that it lived in are gone."""
    ledger, replica = Ledger(folder), _replica_of(folder)
    rows = ledger.open_rows()
    if replica not in CONTAINED:
        drill.left += [_by_hand(row, replica) for row in rows]
        return {}
    for row in rows:
        ledger.mark(row.fault, "healed")
        ledger.mark(row.fault, "proven")
        drill.did.append(f"healed the fault {row.fault} ({row.type} on {row.target}): its servers are gone")
    return {row.fault: SERVERS_GONE for row in rows}


def _replica_of(folder: Path) -> str:
    """Which replica the drill broke; the local one when it died before it could say."""
    try:
        return header(folder).replica
    except BlackstartError:
        return "local"


def _by_hand(row: Row, replica: str) -> str:
    return (
        f"the fault {row.fault} ({row.type} on {row.target}) may be left in the replica {replica}; "
        f"undo it by hand with what stands in its row: {dict(row.undo)!r}"
    )


def _see_damage(folder: Path, drill: Recovered) -> None:
    path = shlex.quote(str(folder / NAME))
    for line in Ledger(folder).damaged():
        drill.left.append(
            f"{folder / NAME}: line {line} cannot be read; see what it was: sed -n {line}p {path} "
            f"and, when nothing of it is left, remove it: sed -i {line}d {path}"
        )


# --- its servers and their data -------------------------------------------------------------------


def _label_lost(folder: Path) -> bool:
    """Whether there may be servers that nobody can find: a drill has its label before it has anything else."""
    return not label_of(folder) and ((folder / REPLICA).exists() or bool(Ledger(folder).open_rows()))


def _find_label(folder: Path) -> str:
    return (
        f"its label is lost, so that its servers, if they still run, cannot be found; look for it: "
        f"grep -zhs ^{watchdog.VARIABLE}={folder.name}- /proc/[0-9]*/environ | sort -zu | tr '\\0' '\\n'; "
        f"write what stands behind the = sign (none, when nothing is printed) to "
        f"{shlex.quote(str(folder / LABEL))}, and run: blackstart recover"
    )


def _end_servers(folder: Path, drill: Recovered) -> None:
    label = label_of(folder)
    met = watchdog.kill(label)
    if met:
        drill.did.append(f"ended {len(met)} process{'' if len(met) == 1 else 'es'} of its replica")
    for pid in watchdog.processes(label):
        drill.left.append(f"process {pid} does not end; end it by hand: kill -9 {pid}")
    removed = remains.remove(folder / REPLICA, label)
    if removed:
        drill.did.append(f"removed {removed}")


def _remove_data(folder: Path, drill: Recovered) -> None:
    data = folder / REPLICA
    if not data.exists():
        return
    try:
        keep_logs(folder)
    except OSError as error:  # a full disk: what is removed makes room
        drill.did.append(f"did not keep its servers' logs: {error.strerror}")
    remove_replica(folder)
    if data.exists():
        drill.left.append(f"its data cannot be removed; remove it by hand: rm -rf {shlex.quote(str(data))}")
    else:
        drill.did.append("removed its servers' data")

"""The replica's processes: found by what they carry in their environment, and signalled by a handle.

A process may be anybody's child: it is found as well by the harness that started it as by one that goes on
after it, or by a command that a person types. A number that is used again never hits a stranger: before each
signal the process is looked at once more, while the handle keeps its number from changing hands.
"""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable, Collection
from contextlib import suppress

__all__ = [
    "COMPONENT",
    "LABEL",
    "Carried",
    "await_end",
    "await_start",
    "began",
    "by_component",
    "end_all",
    "lives",
    "of",
    "paused",
    "send",
    "send_all",
]

LABEL = "BLACKSTART_LABEL"
"""Whose process it is: the label of a drill's replica."""

COMPONENT = "BLACKSTART_COMPONENT"
"""Which component it belongs to; what a component starts inherits it."""

END_LIMIT_S = 10.0
"""Seconds after which a process that does not end by SIGKILL (it hangs in the kernel) is no longer waited for."""

EXEC_LIMIT_S = 10.0
"""How long a process may take over an exec, on a machine that stands still meanwhile, before it is taken for one without
an environment. What ends has none either, but says so at once."""

_EXEC_GAP_S = 0.0005
_PF_KTHREAD = 0x200000
"""The kernel's own mark of its threads (linux/sched.h), among the flags of proc(5)."""

_SETTLED = 3
"""Looks in a row at a program that find no environment before it has none."""

_PASSES = 20
"""Looks for processes that were forked while the others were signalled; two are nearly always enough."""

_QUIET_LOOKS = 2
"""A process that is just becoming another program has no environment for a moment, and is not found."""

Carried = tuple[str, str]
"""A label, and the name of a component."""


def by_component(label: str) -> dict[str, list[int]]:
    """Every living process with that label that belongs to a component. None carries an empty label."""
    found: dict[str, list[int]] = {}
    for name in os.listdir("/proc") if label else ():
        if name.isdigit() and (component := _component(int(name), label)):
            found.setdefault(component, []).append(int(name))
    return found


def of(carried: Carried) -> list[int]:
    """Every living process of one component, also the children that it made itself."""
    return by_component(carried[0]).get(carried[1], [])


def _component(pid: int, label: str) -> str:
    """Which component of the label's replica a process belongs to; empty when to none, or when it has ended."""
    try:
        environment = _environment(pid)
    except OSError:  # it has ended, or it is another user's
        return ""
    if label.encode() not in environment:
        return ""
    variables = dict(each.partition(b"=")[::2] for each in environment.split(b"\0"))
    if variables.get(LABEL.encode()) != label.encode():
        return ""
    return variables.get(COMPONENT.encode(), b"").decode("utf-8", "replace")


def _environment(pid: int) -> bytes:
    """What a process was started with. While it becomes another program it has nothing: then we look again."""
    ends = time.monotonic() + EXEC_LIMIT_S
    settled = 0
    while not (environment := _read(pid, "environ")) and settled < _SETTLED and time.monotonic() < ends:
        if _is_no_program(pid):
            break
        if _read(pid, "cmdline"):
            settled += 1  # it may have come out of its exec between the two looks
        else:
            time.sleep(_EXEC_GAP_S)
    return environment


def _is_no_program(pid: int) -> bool:
    """Whether it is a zombie or a thread of the kernel itself, which have no environment either."""
    stat = _stat(pid)
    return stat[0] in (b"Z", b"X") or bool(int(stat[6]) & _PF_KTHREAD)


def _read(pid: int, name: str) -> bytes:
    with open(f"/proc/{pid}/{name}", "rb") as file:
        return file.read()


def began(pid: int) -> int | None:
    """When a process began, in the kernel's ticks since it booted; None when it is gone without a trace."""
    with suppress(OSError, IndexError):
        return int(_stat(pid)[19])
    return None


def paused(pid: int) -> bool:
    """Whether a signal has stopped it."""
    with suppress(OSError):
        return _stat(pid)[0] == b"T"
    return False


def lives(pid: int, since: int, carried: Carried) -> bool:
    """Whether this very process still runs. One that ended and was not waited for by its parent does not."""
    try:
        stat = _stat(pid)
    except OSError:
        return False
    return (
        int(stat[19]) == since and stat[0] not in (b"Z", b"X") and _component(pid, carried[0]) == carried[1]
    )


def _stat(pid: int) -> list[bytes]:
    """What proc(5) tells behind the name: first the state, at 19 when it began. OSError for none."""
    return _read(pid, "stat").rpartition(b")")[2].split()


def send(pid: int, number: int, carried: Carried) -> bool:
    """Send a signal to a process of that component; False when it is gone, or never was one."""
    with suppress(OSError):
        handle = os.pidfd_open(pid)
        try:
            if _component(pid, carried[0]) == carried[1]:
                signal.pidfd_send_signal(handle, number)
                return True
        finally:
            os.close(handle)
    return False


def send_all(number: int, carried: Carried) -> None:
    """Send a signal to every process of a component, also to those that are forked meanwhile."""
    told: set[int] = set()
    for _ in range(_PASSES):
        left = [pid for pid in of(carried) if pid not in told]
        if not left:
            return
        for pid in left:
            send(pid, number, carried)
        told.update(left)


def await_start(pid: int, limit_s: float = EXEC_LIMIT_S) -> None:
    """Wait until a process that has just become another program shows what it carries, or has ended."""
    ends = time.monotonic() + limit_s
    with suppress(OSError):
        while not _environment(pid) and _stat(pid)[0] not in (b"Z", b"X") and time.monotonic() < ends:
            os.sched_yield()


def await_end(pid: int, limit_s: float = END_LIMIT_S) -> None:
    """Wait until a process that is ending has ended. It may be gone, or nobody's."""
    with suppress(OSError):
        handle = os.pidfd_open(pid)
        try:
            select.select([handle], [], [], limit_s)
        finally:
            os.close(handle)


def end_all(find: Callable[[], Collection[tuple[int, Carried]]], limit_s: float = END_LIMIT_S) -> None:
    """SIGKILL to all that `find` finds, again and again until it finds none twice; or until the limit."""
    ends = time.monotonic() + limit_s
    quiet = 0
    while quiet < _QUIET_LOOKS and time.monotonic() < ends:
        found = find()
        quiet = 0 if found else quiet + 1
        for pid, carried in found:
            _end(pid, carried, ends)


def _end(pid: int, carried: Carried, ends: float) -> None:
    with suppress(OSError):
        handle = os.pidfd_open(pid)
        try:
            if _component(pid, carried[0]) == carried[1]:
                signal.pidfd_send_signal(handle, signal.SIGKILL)
                select.select([handle], [], [], max(0.0, ends - time.monotonic()))
        finally:
            os.close(handle)

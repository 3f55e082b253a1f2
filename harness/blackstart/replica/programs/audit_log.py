"""The command `audit-log`: where Vault writes its audit log, and putting it aside so that a new one begins.

Vault opens its log again when it is told to (SIGHUP), as for logrotate; it refuses every request while it
cannot write there.
"""

from __future__ import annotations

import os
import signal
import stat
import sys
from contextlib import suppress
from pathlib import Path

from blackstart.replica.programs.container import Container

__all__ = ["next_free", "rotate", "run", "tell"]

NAME = "audit.log"


def run(folder: Path, argv: list[str]) -> int:
    """audit-log [status|rotate]: with Vault's folder."""
    actions = {"status": status, "rotate": rotate}
    if len(argv) > 1 or (argv and argv[0] not in actions):
        print(
            "usage: audit-log [status|rotate]\nrotate puts the log aside and begins a new one",
            file=sys.stderr,
        )
        return 2
    return actions[argv[0] if argv else "status"](folder)


def status(folder: Path) -> int:
    """What lies at the log's path, and whether it takes another line."""
    log = folder / NAME
    kind = f"a link to {os.readlink(log)}" if log.is_symlink() else _size(log)
    problem = _problem(log)
    print(f"{log}: {kind}; {problem or 'it can be written to'}")
    return 1 if problem else 0


def _size(log: Path) -> str:
    return f"{log.stat().st_size} bytes" if log.exists() else "not there"


def _problem(log: Path) -> str:
    """Why nothing can be appended; empty when something can. A device is tried, a log is left as it is."""
    if Container.of(log.parent) and log.is_file():
        return ""  # of a user inside the container: whether we could write there says nothing
    try:
        descriptor = os.open(log, os.O_WRONLY | os.O_APPEND)
    except FileNotFoundError:
        return ""
    except OSError as error:
        return error.strerror or str(error)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.write(descriptor, b"\n")
    except OSError as error:
        return error.strerror or str(error)
    finally:
        os.close(descriptor)
    return ""


def rotate(folder: Path) -> int:
    """Put aside what lies at the log's path, and have Vault open a new one there."""
    log = folder / NAME
    if log.is_symlink():
        print(f"took away the link to {os.readlink(log)}")
        log.unlink()
    elif log.exists():
        aside = next_free(log)
        os.replace(log, aside)
        print(f"put {log.name} aside as {aside.name}")
    print(
        "told Vault to open its log again"
        if tell(folder)
        else "Vault does not run: it opens its log when it starts"
    )
    return 0


def next_free(log: Path) -> Path:
    """audit.log.1, or the first number that is free."""
    number = 1
    while (aside := log.with_name(f"{log.name}.{number}")).exists():
        number += 1
    return aside


def tell(folder: Path) -> int:
    """Have the Vault of that folder open its log again, in its container or as a process. How many were told.

    OSError when docker does not answer.
    """
    container = Container.of(folder)
    if container is not None:
        return container.tell("HUP")
    return sum([_tell(pid) for pid in _servers(folder)])


def _servers(folder: Path) -> list[int]:
    """The servers that run in that folder. A participant's own bao commands run elsewhere."""
    return [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and _serves(entry, folder)
    ]


def _serves(process: Path, folder: Path) -> bool:
    with suppress(OSError):
        words = (process / "cmdline").read_bytes().split(b"\0")
        return words[1:2] == [b"server"] and (process / "cwd").resolve() == folder.resolve()
    return False


def _tell(pid: int) -> bool:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGHUP)
        return True
    return False

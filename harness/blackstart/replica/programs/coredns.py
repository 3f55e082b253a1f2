"""A name server that is CoreDNS: what its folder says, in the words that CoreDNS reads.

The folder is mounted into its container. The zone (`dns_zone`), the copy that is held and the policy
(`dns_policy`) have their one home in the same files as those of the embedded servers; what lies beside them is made
from these at each change: a master file (RFC 1035, section 5) and a piece of the Corefile. Then CoreDNS is told to
begin anew (SIGUSR1), which also makes it forget what it has kept, and is asked until it has.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from blackstart.replica.programs.container import Container
from blackstart.replica.programs.dns_policy import EVERY_NAME, VERSION, PolicyFile, Rule
from blackstart.replica.programs.dns_zone import LISTEN, Zone, ZoneFolder
from blackstart.replica.programs.dnsclient import DnsError, ask
from blackstart.replica.programs.files import replaced

__all__ = ["MASTER_FILE", "RULES", "follow", "master_file", "rules", "write"]

MASTER_FILE = "platform.test.zone"
RULES = "rules.conf"

FOLLOWS_S = 10.0
"""Real seconds that it may take until it serves what it was told, on a machine that is busy; it takes milliseconds. A
paused one does later.
"""

SURE = 5
"""So many answers of the new version in a row, and the old one is taken for ended."""

_ASK_S = 0.5
_READABLE = 0o644
"""CoreDNS may run as another user; nothing of this is a secret."""


def follow(folder: Path) -> None:
    """Have the CoreDNS of that folder serve what is in the folder, and begin anew; returns when it does.

    Whoever calls it holds the folder's lock. Where no container runs there is nobody to be told: it reads all of it
    when it starts. OSError when docker does not answer; ValueError for a rule that CoreDNS knows no words for.
    """
    version = os.urandom(8).hex()
    write(folder, version)
    if _told(folder):
        _await(folder, version)


def write(folder: Path, version: str) -> None:
    """Write what CoreDNS reads."""
    zones = ZoneFolder(folder)
    zone = (zones.held_zone() or zones.read()) if zones.exists() else None
    if zone is not None:
        replaced(folder / MASTER_FILE, master_file(zone).encode(), _READABLE)
    text = rules(PolicyFile(folder).rules(), zone, version)
    replaced(folder / RULES, text.encode(), _READABLE)


def _told(folder: Path) -> bool:
    container = Container.of(folder)
    return container is not None and container.tell("USR1") > 0


def _await(folder: Path, version: str) -> None:
    """Ask it which version it serves, until it is this one, and no longer now the old one, now the new one.

    For a moment both take questions from the same socket.
    """
    host, _, port = (folder / LISTEN).read_text("ascii").rpartition(":")
    until = time.monotonic() + FOLLOWS_S
    in_a_row = 0
    while in_a_row < SURE and time.monotonic() < until:
        if _serves((host, int(port)), version):
            in_a_row += 1
        else:
            in_a_row = 0
            time.sleep(0.005)


def _serves(server: tuple[str, int], version: str) -> bool:
    try:
        answers = ask(server, VERSION, "TXT", timeout_s=_ASK_S).answers
    except (OSError, DnsError):
        return False
    return any(version in record.value for record in answers)


# --- what it reads ------------------------------------------------------------------------------


def master_file(zone: Zone) -> str:
    """The zone as a master file. Every name in it is whole, so the origin is the root."""
    lines = [f"{each.name} {each.ttl} IN {each.type} {each.value}" for each in zone.records]
    return "\n".join(["$ORIGIN .", *lines, ""])


def rules(policy: Iterable[Rule], zone: Zone | None, version: str) -> str:
    """The policy as templates: the first that matches answers, and what none matches goes on to the zone or the cache.

    `zone`: whose SOA record says how long a "no" may be kept; None for a resolver, whose own "no" nobody keeps.
    """
    text = f'answer "{VERSION}. 0 IN TXT \\"CoreDNS {version}\\""'
    blocks = [
        "# Made by blackstart from policy.json. Ask for the TXT record of version.bind which version is served."
    ]
    blocks.append(_template(VERSION, [text], "TXT"))
    blocks.extend(_template(rule.name, list(_answer(rule, zone))) for rule in policy)
    return "\n".join([*blocks, ""])


def _answer(rule: Rule, zone: Zone | None) -> Iterator[str]:
    codes = {"NXDOMAIN": "NXDOMAIN", "EMPTY": "NOERROR", "SERVFAIL": "SERVFAIL", "REFUSED": "REFUSED"}
    if rule.action not in codes:
        raise ValueError(f"CoreDNS cannot do this: {rule.text()}")
    yield f"rcode {codes[rule.action]}"
    if zone is not None and rule.action in ("NXDOMAIN", "EMPTY"):
        yield f'authority "{_soa(zone, rule.ttl)}"'


def _soa(zone: Zone, ttl: int) -> str:
    """The zone's SOA record, or one that lets a "no" be kept for so many seconds (RFC 2308)."""
    soa = next(record for record in zone.records if record.type == "SOA")
    words = soa.value.split()
    server, mailbox = (f"{word.rstrip('.')}." for word in words[:2])
    times = [*words[2:6], str(ttl)] if ttl else words[2:]
    return " ".join([f"{soa.name}.", str(ttl or soa.ttl), "IN SOA", server, mailbox, *times])


def _template(name: str, lines: list[str], type_: str = "ANY") -> str:
    if name != EVERY_NAME:
        lines = [f'match "^{name.replace(".", "[.]")}[.]$"', *lines]
    return "\n".join(
        [f"template ANY {type_} . {{", *(f"    {line}" for line in [*lines, "fallthrough"]), "}"]
    )

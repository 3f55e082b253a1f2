"""Leads a service's inbound connections through the Toxiproxy beside it, as service meshes do; run once, in its namespace.

redirect API_PORT NAME:PORT:LISTEN ...    for each: Toxiproxy listens on LISTEN and dials the service's PORT

Toxiproxy dials the container's own address: to some services (PostgreSQL) who calls from 127.0.0.1 is somebody else.
Connections from within the container, its health check's for one, do not pass PREROUTING and stay as they are.
Whatever had connected before the rules were there is reset, so that nothing goes on beside the proxy. May be run again.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path

WAIT_S = 20.0
"""How long Toxiproxy may take to come up."""

Way = tuple[str, int, int]


def way(text: str) -> Way:
    name, port, listen = text.rsplit(":", 2)
    return name, int(port), int(listen)


def own_address() -> str:
    """The container's own, on its first network; docker writes it into /etc/hosts with the hostname."""
    return socket.gethostbyname(socket.gethostname())


def proxies(ways: list[Way], address: str) -> list[dict[str, object]]:
    """As Toxiproxy's `/populate` takes them."""
    return [
        {"name": name, "listen": f"0.0.0.0:{listen}", "upstream": f"{address}:{port}", "enabled": True}
        for name, port, listen in ways
    ]


def rules(ways: list[Way]) -> list[list[str]]:
    """The words of iptables for each rule, without the word that adds it."""
    found = []
    for _, port, listen in ways:
        new = ["-p", "tcp", "--dport", str(port), "-j", "REDIRECT", "--to-ports", str(listen)]
        old = [
            "!",
            "-i",
            "lo",
            "-p",
            "tcp",
            "--dport",
            str(port),
            "-j",
            "REJECT",
            "--reject-with",
            "tcp-reset",
        ]
        found += [["-t", "nat", "PREROUTING", *new], ["-t", "filter", "INPUT", *old]]
    return found


def tell(api: int, wanted: list[dict[str, object]]) -> None:
    """Give Toxiproxy its proxies, as soon as it listens. OSError when it does not, or refuses."""
    ends = time.monotonic() + WAIT_S
    while True:
        connection = HTTPConnection("127.0.0.1", api, timeout=WAIT_S)
        try:
            connection.request("POST", "/populate", json.dumps(wanted), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            if answer.status >= 300:
                raise SystemExit(f"redirect: Toxiproxy refuses: {answer.read().decode(errors='replace')}")
            return
        except OSError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.02)
        finally:
            connection.close()


def lay(program: str, rule: list[str]) -> None:
    """Add a rule, unless it is there."""
    table, chain, words = rule[:2], rule[2], rule[3:]
    if subprocess.run([program, *table, "-C", chain, *words], capture_output=True, check=False).returncode:
        subprocess.run([program, "-w", *table, "-A", chain, *words], check=True)


def has_ipv6() -> bool:
    """Whether somebody could come by IPv6: an address that is not the loopback's and not of the link alone."""
    try:
        lines = Path("/proc/net/if_inet6").read_text("ascii").splitlines()
    except OSError:
        return False
    return any(line.split()[3] == "00" for line in lines)


def main(argv: list[str]) -> int:
    api, ways = int(argv[0]), [way(text) for text in argv[1:]]
    try:
        tell(api, proxies(ways, own_address()))
        for program in ["iptables", *(["ip6tables"] if has_ipv6() else [])]:
            for rule in rules(ways):
                lay(program, rule)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"redirect: {error}", file=sys.stderr)
        return 1
    print(f"redirect: {', '.join(f'{port} by {listen}' for _, port, listen in ways)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

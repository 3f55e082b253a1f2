"""DNS: an authority for the platform's zone, and a caching resolver apart from it, where stale answers live.

Not on port 53, so services are found by SRV record: name and port (RFC 2782).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from blackstart.replica.asking import Refused
from blackstart.replica.layout import HOST, PROBES, ZONE, Address, endpoint
from blackstart.replica.programs.dns_policy import VERSION
from blackstart.replica.programs.dns_zone import LISTEN, ZONE_FILE, Zone, ZoneFolder
from blackstart.replica.programs.dnsclient import DnsError, Record, ask
from blackstart.replica.programs.files import replaced
from blackstart.replica.servers import Launch
from blackstart.replica.tools import TOOLS

__all__ = ["VAULT_SERVICE", "authority", "check_authority", "check_resolver", "listening", "resolver", "zone"]

VAULT_SERVICE = f"_vault._tcp.{ZONE}"
TTL_S = 30
"""Of every record: a change is seen within half a minute, as platform teams set it for services that move."""

SERIAL = 2026010101
"""Of the first version: a date and a count, as RFC 1912 proposes."""

_PROGRAM = Path(__file__).parent.parent / "programs" / "dns_server.py"


def zone(services: Mapping[str, Address]) -> Zone:
    """The zone with an address and an SRV record for each service."""
    soa = f"ns1.{ZONE} hostmaster.{ZONE} {SERIAL} 300 60 86400 {TTL_S}"  # serial refresh retry expire minimum
    records = [(ZONE, "SOA", soa), (ZONE, "NS", f"ns1.{ZONE}"), (f"ns1.{ZONE}", "A", HOST)]
    for name, (host, port) in services.items():
        records.append((f"{name}.{ZONE}", "A", host))
        records.append((f"_{name}._tcp.{ZONE}", "SRV", f"0 0 {port} {name}.{ZONE}"))
    return Zone(ZONE, tuple(Record(name, type_, TTL_S, value) for name, type_, value in records))


def authority(folder: Path, port: int, services: Mapping[str, Address], env: Mapping[str, str]) -> Launch:
    """Write the zone into the folder and start the authority from it."""
    ZoneFolder(folder).create(zone(services))
    replaced(folder / LISTEN, f"{HOST}:{port}".encode())
    return _launch(folder, ["authority", "--zone", ZONE_FILE, "--port", str(port)], env)


def resolver(
    folder: Path, port: int, upstream: Address, env: Mapping[str, str], *, source: str = HOST
) -> Launch:
    """Start the resolver. `source` is the address that it asks its upstream from."""
    folder.mkdir(parents=True, exist_ok=True)
    arguments = ["resolver", "--upstream", endpoint(upstream), "--source", source, "--port", str(port)]
    return _launch(folder, arguments, env)


def _launch(folder: Path, arguments: list[str], env: Mapping[str, str]) -> Launch:
    return Launch([str(TOOLS["names"].python), "-s", str(_PROGRAM), *arguments], env, folder)


def listening(address: Address) -> bool:
    """Whether a server takes questions, whatever it answers for names: it is in service although they are broken."""
    try:
        return bool(ask(address, VERSION, "TXT", timeout_s=1.0).answers)
    except (OSError, DnsError):
        return False


def check_authority(address: Address, timeout_s: float) -> None:
    """Ask where Vault is, and insist that the answer is the authority's own."""
    answer = ask(address, VAULT_SERVICE, "SRV", timeout_s=timeout_s, source=PROBES)
    _demand(bool(answer.answers), answer.rcode)
    if not answer.authoritative:
        raise Refused("the answer is not authoritative")


def check_resolver(address: Address, timeout_s: float) -> None:
    """Ask where Vault is, as a service would."""
    answer = ask(address, VAULT_SERVICE, "SRV", timeout_s=timeout_s, source=PROBES)
    _demand(bool(answer.answers), answer.rcode)


def _demand(found: bool, rcode: str) -> None:
    if not found:
        raise Refused(f"{rcode if rcode != 'NOERROR' else 'no SRV record'} for {VAULT_SERVICE}")

"""The replica's own commands on a participant's PATH: `resolve`, `deploy`, `teams`, `service`, `network` and others.

Each reads where things are from the file that BLACKSTART_TOOLBOX names, and speaks to the real servers.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from blackstart.replica.programs.dnsclient import TYPES, DnsError, ask
from blackstart.replica.programs.httpclient import request, why
from blackstart.replica.programs.order import order

Box = Mapping[str, Any]

DEPLOY_TIMEOUT_S = 10.0


def resolve(box: Box, argv: list[str]) -> int:
    """resolve NAME [TYPE]: ask the replica's resolver; prints each answer on a line."""
    if not argv or len(argv) > 2 or (len(argv) == 2 and argv[1].upper() not in TYPES):
        return _usage("resolve NAME [TYPE]", f"TYPE is one of {', '.join(TYPES)}; A when left out")
    name = argv[0] if "." in argv[0].rstrip(".") else f"{argv[0]}.{box['zone']}"
    type_ = argv[1].upper() if len(argv) == 2 else "A"
    try:
        answer = ask(tuple(box["resolver"]), name, type_, timeout_s=3.0)
    except (OSError, DnsError) as error:
        print(f"resolve: {why(error)}: the resolver at {_at(box['resolver'])}", file=sys.stderr)
        return 1
    for record in answer.answers:
        print(record.value)
    if not answer.answers:
        print(f"resolve: {answer.rcode}: no {type_} record for {name}", file=sys.stderr)
    return 0 if answer.answers else 1


def deploy(box: Box, argv: list[str]) -> int:
    """deploy TEAM: bring up a new version of a team's service, end to end; exit 1 at the first step that fails."""
    if len(argv) != 1 or argv[0] not in box["teams"]:
        return _usage("deploy TEAM", f"TEAM is one of {', '.join(box['teams'])}")
    team = box["teams"][argv[0]]
    ok = None
    try:
        for line in order(tuple(team["control"]), box["token"], "deploy", timeout_s=DEPLOY_TIMEOUT_S):
            ok = _show(argv[0], line)
        if ok is None:
            raise ConnectionAbortedError
    except OSError as error:
        print(f"deploy: {why(error)}: the service of {argv[0]} is not running", file=sys.stderr)
    return 0 if ok else 1


def _show(team: str, line: dict[str, Any]) -> bool:
    if line.get("done"):
        print(f"{team} {line['version']} {'deployed' if line['ok'] else 'was not deployed'}", flush=True)
    else:
        print(f"{'ok  ' if line['ok'] else 'FAIL'} {line['step']}: {line['detail']}", flush=True)
    return bool(line["ok"])


def teams(box: Box, argv: list[str]) -> int:
    """teams: every running service, its version and its health."""
    if argv:
        return _usage("teams", "it takes no arguments")
    for name, team in box["teams"].items():
        print(f"{name:<10} {_state(tuple(team['service']))}")
    return 0


def _state(service: tuple[str, int]) -> str:
    try:
        page = request(service, "GET", "/", timeout_s=2.0)
        health = request(service, "GET", "/healthz", timeout_s=2.0)
    except (OSError, http.client.HTTPException) as error:
        return f"-    down: {why(error)} at {_at(service)}"
    secret = "holds its secret" if page.json()["holds_secret"] else "has no secret"
    return f"{page.json()['version']:<4} {'healthy' if health.ok else health.complaint()}, {secret}, {_at(service)}"


def images(box: Box, argv: list[str]) -> int:
    """images [list|verify|push|retag|accounts|renew|quota]: what lies in the registry, and mending it."""
    from blackstart.replica.programs.registry_images import run  # the others need not wait for it

    return run(Path(os.environ["BLACKSTART_TOOLBOX"]).parent / "data" / "registry", argv)


def audit_log(box: Box, argv: list[str]) -> int:
    """audit-log [status|rotate]: where Vault writes its audit log; rotate puts it aside and begins a new one."""
    from blackstart.replica.programs.audit_log import run

    return run(Path(os.environ["BLACKSTART_TOOLBOX"]).parent / "data" / "vault", argv)


def zone(box: Box, argv: list[str]) -> int:
    """zone [show|set|add|remove|ttl|serial|reload|history|rollback]: what the authority publishes."""
    from blackstart.replica.programs.dns_tools import run_zone

    return run_zone(Path(os.environ["BLACKSTART_TOOLBOX"]).parent / "data", argv)


def policy(box: Box, argv: list[str]) -> int:
    """policy [show|remove]: what the DNS servers answer instead of the truth."""
    from blackstart.replica.programs.dns_tools import run_policy

    return run_policy(Path(os.environ["BLACKSTART_TOOLBOX"]).parent / "data", argv)


def cache(box: Box, argv: list[str]) -> int:
    """cache flush: have the resolver forget what it has kept."""
    from blackstart.replica.programs.dns_tools import run_cache

    return run_cache(Path(os.environ["BLACKSTART_TOOLBOX"]).parent / "data", argv)


def service(box: Box, argv: list[str]) -> int:
    """service [status|start|stop|restart NAME]: the platform's servers."""
    from blackstart.replica.programs.service import run

    return run(Path(os.environ["BLACKSTART_TOOLBOX"]).parent, box["servers"], argv)


def network(box: Box, argv: list[str]) -> int:
    """network [status [NAME]] | network restore NAME: what is wrong on the way to a server, and mending it."""
    from blackstart.replica.programs.network import run

    return run(Path(os.environ["BLACKSTART_TOOLBOX"]).parent, box["links"], argv)


def _at(address: Any) -> str:
    return f"{address[0]}:{address[1]}"


def _usage(usage: str, more: str) -> int:
    print(f"usage: {usage}\n{more}", file=sys.stderr)
    return 2


COMMANDS: Mapping[str, Callable[[Box, list[str]], int]] = {
    "resolve": resolve,
    "deploy": deploy,
    "teams": teams,
    "images": images,
    "audit-log": audit_log,
    "service": service,
    "network": network,
    "zone": zone,
    "policy": policy,
    "cache": cache,
}


def main(argv: list[str]) -> int:
    with open(os.environ["BLACKSTART_TOOLBOX"], encoding="utf-8") as file:
        box = json.load(file)
    return COMMANDS[argv[0]](box, argv[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

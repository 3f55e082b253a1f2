"""The command `network`: what is wrong on the way to each server, and putting it right.

Every connection passes a proxy, as in a platform with a mesh or load balancers; what disturbs it there is
listed, and taken away, by the name of the server.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blackstart.replica.programs.httpclient import why
from blackstart.replica.programs.service import SITE
from blackstart.toxics.client import Client
from blackstart.toxics.errors import ProxyRefused
from blackstart.toxics.links import Links

if TYPE_CHECKING:
    from blackstart.toxics.base import FaultProxy

__all__ = ["over", "run"]

USAGE = """\
usage: network [status [NAME]] | network restore NAME
status lists what is wrong on the way to a server, restore takes all of it away; NAME is one of {}"""

Ways = Mapping[str, Sequence[str]]
"""The names of the proxies on the way to each server."""

TIMEOUT_S = 5.0


def run(folder: Path, ways: Ways, argv: list[str]) -> int:
    """Look at the network of the replica in that folder, or mend it."""
    return over(_proxy_of(json.loads((folder / SITE).read_bytes())["site"]), ways, argv)


def over(client: FaultProxy, ways: Ways, argv: list[str]) -> int:
    """The same with a fault proxy at hand. The exit code."""
    action, *names = argv or ["status"]
    wanted = {"status": (0, 1), "restore": (1,)}.get(action, ())
    if len(names) not in wanted or not set(names) <= set(ways):
        print(USAGE.format(", ".join(ways)), file=sys.stderr)
        return 2
    try:
        if action == "restore":
            return _restore(client, ways[names[0]])
        return _status(client, [proxy for name in names or ways for proxy in ways[name]])
    except (OSError, ProxyRefused) as error:
        print(f"network: {why(error)}: the proxy at {client.at}", file=sys.stderr)
        return 1


def _proxy_of(site: Mapping[str, Any]) -> FaultProxy:
    """The replica's fault proxy; with a real Toxiproxy behind it, both as one."""
    front = Client(*site["proxy"], timeout=TIMEOUT_S)
    behind = site.get("toxiproxy")
    return Links(front, Client(*behind, timeout=TIMEOUT_S)) if behind else front


def _status(client: FaultProxy, names: Sequence[str]) -> int:
    """0 when nothing is wrong with any of them, else 3, as `service status`."""
    proxies = client.proxies()
    for name in names:
        proxy = proxies.get(name)
        if proxy is None:
            print(f"{name:<16} GONE nothing carries it; service status says what runs")
            continue
        print(f"{name:<16} {'up  ' if proxy['enabled'] else 'DOWN'} {proxy['listen']} to {proxy['upstream']}")
        for toxic in proxy["toxics"]:
            print(f"{'':<16} {_said(toxic)}")
    return 3 if any(_wrong(proxies.get(name)) for name in names) else 0


def _wrong(proxy: Mapping[str, Any] | None) -> bool:
    return proxy is None or not proxy["enabled"] or bool(proxy["toxics"])


def _said(toxic: Mapping[str, Any]) -> str:
    values = " ".join(f"{name}={value}" for name, value in toxic["attributes"].items())
    share = "" if toxic["toxicity"] == 1 else f", {toxic['toxicity']:.0%} of connections"
    clients = f", for {' '.join(toxic['clients'])}" if toxic.get("clients") else ""
    return f"{toxic['type']} {toxic['stream']} {values}".rstrip() + share + clients


def _restore(client: FaultProxy, names: Sequence[str]) -> int:
    """Take every toxic away, and have every proxy up. 3 when something on the way is not there to be mended."""
    proxies = client.proxies()
    there = [name for name in names if name in proxies]
    for name in there:
        for toxic in proxies[name]["toxics"]:
            client.remove(name, toxic["name"])
            print(f"{name}: took away {_said(toxic)}")
        if not proxies[name]["enabled"]:
            client.enable(name)
            print(f"{name}: up again")
    if len(there) < len(names):
        return _status(client, names)
    if not any(_wrong(proxies[name]) for name in names):
        print(f"nothing is wrong with {', '.join(names)}")
    return 0

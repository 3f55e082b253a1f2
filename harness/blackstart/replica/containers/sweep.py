"""Leaves no container of a dead drill paused, disconnected or running. The watchdog's last word to docker.

A program of its own, by its path and with the standard library alone: `python -I -S sweep.py LABEL FOLDER`, FOLDER
being the replica's. It speaks to the docker socket that the drill has noted there. At once it wakes what is paused,
puts back what was taken off its networks, and takes every toxic away. When its standard input ends (the healer is done),
it kills every container that docker lists with the label: first those that break connections. Containers, networks and
volumes stay: `resume` and `recover` go on from there. Prints one line on what it did.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import quote

__all__ = ["Docker", "mend", "sweep"]

API = "/v1.41"
"""Of docker 20.10: the oldest that a drill runs on, and every later one speaks it (`engine.OLDEST_API`)."""

DRILL = "blackstart.drill"
SERVICE = "com.docker.compose.service"
NOTE = "docker.json"
RUN = "run"

ANSWER_S = 20.0
"""Seconds for one answer: to take thirty published ports back takes docker some seconds on a busy machine."""

LIMIT_S = 30
"""Seconds after which it ends whatever docker does."""

SIDE_BY_SIDE = 16

BREAKERS = re.compile("toxiproxy|proxy|blackstart-.*-proxy")
"""The services of ours whose containers hold toxics: in our own compose file, and beside the services of a user's."""

APIS = (8474, 8475)
"""Where a Toxiproxy and ours are told what to do, inside their containers."""

RESET_S = 1.0

LOOKS = 100
"""Looks for what runs, after which it gives up; four are nearly always enough."""

QUIET_LOOKS = 2
GAP_S = 0.05

_GONE = (304, 404, 409)
"""Docker's answers for what is so already, or is not there any more."""


class _Connection(HTTPConnection):
    """HTTP over a local socket."""

    def __init__(self, path: str) -> None:
        super().__init__("docker", timeout=ANSWER_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Docker:
    """The few calls that it takes. OSError when docker does not answer, or refuses."""

    def __init__(self, path: str) -> None:
        self._path = path

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The answer's JSON; None for one without, and for what is gone."""
        connection = _Connection(self._path)
        try:
            said = json.dumps(body).encode() if body is not None else None
            connection.request(method, API + path, said, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            data = answer.read()
        except HTTPException as error:
            raise OSError(f"docker broke off: {error}") from error
        finally:
            connection.close()
        if answer.status >= 400 and answer.status not in _GONE:
            raise OSError(f"docker refuses {method} {path}: {data.decode('utf-8', 'replace').strip()}")
        return json.loads(data) if data and answer.status < 300 else None

    def containers(self, label: str) -> list[dict[str, Any]]:
        """Every container with that label, running or not."""
        wanted = quote(json.dumps({"label": [f"{DRILL}={label}"]}))
        return list(self.ask("GET", f"/containers/json?all=1&filters={wanted}") or [])

    def carries(self, path: str, label: str) -> bool:
        """Whether what is at that path (`/containers/ID/json`, `/networks/NAME`) has the label now."""
        found = self.ask("GET", path) or {}
        labels = (found.get("Config") or found).get("Labels") or {}
        return bool(labels.get(DRILL) == label)


def mend(docker: Docker, label: str, folder: str) -> str:
    """Wake, reconnect and reset, so that the healer finds everything in its place; what went wrong, if anything did."""
    apart = dict(_apart(folder))
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        whys = pool.map(lambda each: _mend(docker, label, each, apart), docker.containers(_demanded(label)))
        return "; ".join(why for why in whys if why)


def _mend(docker: Docker, label: str, listed: Mapping[str, Any], apart: Mapping[str, Any]) -> str:
    why = ""
    if listed.get("State") == "paused":
        why = _tried(docker, label, listed, lambda: docker.ask("POST", f"/containers/{listed['Id']}/unpause"))
    why = why or _tried(docker, label, listed, lambda: _reconnect_all(docker, label, listed, apart))
    return why or next((why for why in map(_reset, _apis(listed)) if why), "")


def _apis(listed: Mapping[str, Any]) -> list[int]:
    """Where a container lets this machine speak to a fault proxy, if it is one."""
    ports = listed.get("Ports") or []
    return sorted(
        {
            int(each["PublicPort"])
            for each in ports
            if each.get("PrivatePort") in APIS and "PublicPort" in each
        }
    )


def _reset(port: int) -> str:
    """Take every toxic away; only what shows itself to be a fault proxy is told to. What went wrong, if anything."""
    connection = HTTPConnection("127.0.0.1", port, timeout=RESET_S)
    try:
        connection.request("GET", "/proxies")
        proxies = json.loads(connection.getresponse().read())
        if proxies and all("toxics" in each and "listen" in each for each in proxies.values()):
            connection.request("POST", "/reset")
            connection.getresponse().read()
    except (OSError, HTTPException) as error:
        return f"the fault proxy at port {port} does not answer: {error}"
    except (ValueError, TypeError, AttributeError):
        pass  # no fault proxy
    finally:
        connection.close()
    return ""


def sweep(docker: Docker, label: str, folder: str) -> str:
    """What was done, in a sentence. OSError when docker does not answer. ValueError for an empty label.

    It looks again until nothing runs any more: docker may still be starting what the harness asked for last.
    """
    apart = dict(_apart(folder))
    ended: set[str] = set()
    whys: dict[str, str] = {}
    quiet = 0
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        for _ in range(LOOKS):
            if quiet == QUIET_LOOKS:
                break
            found = [each for each in docker.containers(_demanded(label)) if _waits(each, ended)]
            found.sort(key=lambda each: BREAKERS.fullmatch(_name(each)) is None)  # these first
            whys.update(pool.map(lambda each: (_name(each), _end(docker, label, each, apart)), found))
            ended.update(str(each["Id"]) for each in found)
            quiet = 0 if found else quiet + 1
            time.sleep(GAP_S)
    said = f"ended the containers: {', '.join(sorted(whys)) or 'there were none'}"
    return "; ".join([said, *(f"{name}: {why}" for name, why in whys.items() if why)])


def _demanded(label: str) -> str:
    if not label:
        raise ValueError("without a label everything would be found")
    return label


def _waits(listed: Mapping[str, Any], ended: Collection[str]) -> bool:
    """Whether there is something to be done about it: it runs, or was not looked at."""
    return listed["Id"] not in ended or listed.get("State") in ("running", "paused", "restarting")


def _end(docker: Docker, label: str, listed: Mapping[str, Any], apart: Mapping[str, Any]) -> str:
    """Reconnect and kill one; what went wrong, if anything."""
    whys = [
        _tried(docker, label, listed, lambda: _reconnect_all(docker, label, listed, apart)),
        _tried(docker, label, listed, lambda: docker.ask("POST", f"/containers/{listed['Id']}/kill")),
    ]
    return next((why for why in whys if why), "")


def _tried(docker: Docker, label: str, listed: Mapping[str, Any], act: Callable[[], object]) -> str:
    """Do something to a container whose label is seen once more, right before; what went wrong, if anything."""
    try:
        if not docker.carries(f"/containers/{listed['Id']}/json", label):
            return "it is gone, or not this drill's"
        act()
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        return str(error)
    return ""


def _reconnect_all(docker: Docker, label: str, listed: Mapping[str, Any], apart: Mapping[str, Any]) -> None:
    for attachment in (apart.get((listed.get("Labels") or {}).get(SERVICE, "")) or {}).values():
        _reconnect(docker, label, str(listed["Id"]), attachment)


def _reconnect(docker: Docker, label: str, id: str, attachment: Mapping[str, Any]) -> None:
    """Back to a network of the drill, as `networks.put_on` does. Docker refuses (403) when it is there already."""
    network = quote(str(attachment["network"]), safe="")
    found = docker.ask("GET", f"/containers/{id}/json") or {}
    if str(attachment["network"]) in found["NetworkSettings"]["Networks"]:
        return
    if not docker.carries(f"/networks/{network}", label):
        raise OSError(f"the network {attachment['network']} is not this drill's")
    fixed = {"IPv4Address": attachment.get("address"), "IPv6Address": attachment.get("address6")}
    end = {
        "Aliases": list(attachment.get("aliases") or []),
        "Links": list(attachment.get("links") or []),
        "IPAMConfig": {name: value for name, value in fixed.items() if value},
    }
    docker.ask("POST", f"/networks/{network}/connect", {"Container": id, "EndpointConfig": end})


def _apart(folder: str) -> Iterator[tuple[str, Any]]:
    """Which networks each service was taken off, as the drill has kept it (`kept.py`)."""
    run = os.path.join(folder, RUN)
    for name in sorted(os.listdir(run)) if os.path.isdir(run) else ():
        if name.endswith(".json"):
            try:
                with open(os.path.join(run, name), encoding="utf-8") as file:
                    facts = json.load(file)
                yield str(facts.get("service") or name.removesuffix(".json")), facts.get("apart") or {}
            except (OSError, ValueError, AttributeError):
                continue  # half written when the harness died; its container is ended all the same


def _name(listed: Mapping[str, Any]) -> str:
    return str((listed.get("Labels") or {}).get(SERVICE) or listed["Id"][:12])


def main(label: str, folder: str) -> None:
    """Sweep the containers of the drill whose replica lies in that folder."""
    signal.alarm(LIMIT_S)  # its default action ends the process
    try:
        with open(os.path.join(folder, NOTE), encoding="utf-8") as file:
            host = str(json.load(file)["host"])
        if not host.startswith("unix://"):
            raise OSError(f"its docker is at {host}, which is not reached from here")
        docker = Docker(host.removeprefix("unix://"))
        if why := mend(docker, label, folder):
            print(why)
        sys.stdin.read()
        print(sweep(docker, label, folder))
    except (OSError, ValueError, LookupError, TypeError) as error:
        print(f"its containers may still run: {error}; blackstart recover removes them")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])

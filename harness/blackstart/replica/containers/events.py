"""What happens to a drill's containers, as docker tells it: a death, a kill by hand, a health check that turned.

A `Happening` says what was seen and whether this harness had asked for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Literal, cast

from blackstart.clock import SystemTime
from blackstart.errors import BlackstartError, ReplicaError
from blackstart.replica.containers.endpoint import see_it_listens
from blackstart.replica.containers.engine import COMPONENT, DRILL, SERVICE, DaemonGone
from blackstart.replica.containers.found import Container
from blackstart.replica.telling import REMOVED

if TYPE_CHECKING:
    from docker.types.daemon import CancellableStream

    from blackstart.replica.containers.engine import Engine

__all__ = ["Happening", "Happenings", "What", "happening_of"]

What = Literal[
    "die",
    "oom",
    "health",
    "kill",
    "pause",
    "unpause",
    "start",
    "stop",
    "disconnect",
    "connect",
    "destroy",
    "daemon-gone",
    "daemon-back",
]

_OF_CONTAINERS = ("die", "oom", "health_status", "kill", "pause", "unpause", "start", "stop", "destroy")
_OF_NETWORKS = ("disconnect", "connect")

AGAIN_S = 0.2
"""Seconds between two tries to reach a daemon that went away."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened to a container, or to docker itself (then component, service and container are empty).

    `component` is the service's label, or the service's own name. `exit_code` stands with `die` alone, as docker
    gives it: 137 is SIGKILL. `detail` is the signal's number of a `kill`, the state of a `health` (healthy,
    unhealthy), the network of a `connect` or `disconnect`, the error of `daemon-gone`, and of a `die` that nobody here
    asked for REMOVED where the container was being removed. `wall` is the daemon's UTC. `asked`: this process asked for
    it.
    """

    what: What
    wall: datetime
    component: str = ""
    service: str = ""
    container: str = ""
    exit_code: int | None = None
    detail: str = ""
    asked: bool = False


Tell = Callable[[Happening], None]


class Happenings:
    """Follows docker's events of one label, in a thread of its own, from `start` until `close` by its owner.

    Each happening is told to `tell` in that thread, or kept for `drain` when there is no `tell`. A daemon that goes
    away is told once (`daemon-gone`), and is followed again when it is back (`daemon-back`).
    """

    def __init__(self, engine: Engine, label: str, tell: Tell | None = None) -> None:
        self._engine = engine
        self._label = label
        self._queue: SimpleQueue[Happening] = SimpleQueue()
        self._tell = tell or self._queue.put
        self._known: dict[str, Mapping[str, str]] = {}
        self._up: set[str] | None = None
        self._apart: set[tuple[str, str]] = set()
        self._closed = Event()
        self._stream: CancellableStream[dict[str, Any]] | None = None
        self._seen = SystemTime().now().wall
        self._gone = False
        self._thread = Thread(target=self._follow, name="docker-events", daemon=True)

    def start(self) -> Happenings:
        """Follow from the moment at which this object was made.

        What runs is looked up before this returns: what ends right after it is told of like the rest.
        """
        with suppress(BlackstartError):  # the thread tells of a docker that does not answer
            self._running()
        self._thread.start()
        return self

    def close(self) -> None:
        """Follow no more. Idempotent."""
        self._closed.set()
        self._cut()
        if self._thread.ident is not None:
            while self._thread.is_alive():
                self._thread.join(AGAIN_S)
                self._cut()

    def drain(self) -> list[Happening]:
        """What has happened since this was asked last, oldest first."""
        found: list[Happening] = []
        with suppress(Empty):
            while True:
                found.append(self._queue.get_nowait())
        return found

    def _cut(self) -> None:
        if self._stream is not None:
            with suppress(OSError, AttributeError):  # it ended by itself meanwhile
                self._stream.close()

    # --- the thread -------------------------------------------------------------------------------

    def _follow(self) -> None:
        while not self._closed.is_set():
            why = "it closed the connection"
            try:
                see_it_listens(self._engine.endpoint)  # the SDK leaves a socket open for each call in vain
                with self._engine.saying("following docker's events"):
                    self._read()
            except BlackstartError as error:
                why = error.message
            if not self._closed.is_set():
                self._say_gone(why)
                self._closed.wait(AGAIN_S)

    def _read(self) -> None:
        """Until the stream ends."""
        self._running()
        self._stream = self._open()
        self._say_back()
        for event in self._stream:
            if self._closed.is_set():
                return
            self._seen = _wall(event) + timedelta(microseconds=1)
            if told := self._told(event):
                self._tell(told)

    def _running(self) -> set[str]:
        """The containers that ran when the last event that was read happened. Looked up once: events say the rest."""
        if self._up is None:
            self._up = {str(each["Id"]) for each in self._engine.containers({DRILL: self._label}, all=False)}
        return self._up

    def _open(self) -> CancellableStream[dict[str, Any]]:
        filters = {"type": ["container", "network"], "event": [*_OF_CONTAINERS, *_OF_NETWORKS]}
        since = f"{self._seen.timestamp():.6f}"
        return self._engine.client.api.events(since=cast(Any, since), filters=filters, decode=True)

    def _say_gone(self, why: str) -> None:
        if not self._gone:
            self._gone = True
            self._tell(Happening("daemon-gone", SystemTime().now().wall, detail=why))

    def _say_back(self) -> None:
        if self._gone:
            self._gone = False
            self._tell(Happening("daemon-back", SystemTime().now().wall))

    def _told(self, event: Mapping[str, Any]) -> Happening | None:
        """What an event means for this drill; None when it is none of its containers'."""
        if not _container(event):
            return None  # a network's end can be of a container that is gone: docker then names none
        labels = self._labels(event)
        if labels.get(DRILL) != self._label:
            return None
        bare = happening_of(event, labels)
        if not self._is_news(bare):
            return None
        if self._engine.asked.was(bare.container, bare.what, bare.wall):
            return replace(bare, asked=True)
        going = bare.what == "die" and self._going(bare.container)
        return replace(bare, detail=REMOVED) if going else bare

    def _going(self, container: str) -> bool:
        """Whether it ended because somebody removes it: docker says so before it ends it. Not where it cannot be asked."""
        from docker.errors import NotFound

        try:
            with self._engine.saying("looking at a container"):
                return Container(container, self._engine.client.api.inspect_container(container)).going
        except ReplicaError as error:
            return isinstance(error.__cause__, NotFound)

    def _is_news(self, seen: Happening) -> bool:
        """A start and an end join and leave networks as well; and docker 20.10 tells of a parting twice."""
        up = self._running()
        if seen.what in _OF_NETWORKS:
            link = (seen.container, seen.detail)
            news = seen.container in up and (seen.what == "connect" or link not in self._apart)
            (self._apart.discard if seen.what == "connect" else self._apart.add)(link)
            return news
        if seen.what == "start":
            up.add(seen.container)
        if seen.what == "die":
            up.discard(seen.container)
        return True

    def _labels(self, event: Mapping[str, Any]) -> Mapping[str, str]:
        """The labels of the container that an event is about; a network's own event does not tell them."""
        container = _container(event)
        if event.get("Type") == "container":
            self._known[container] = event["Actor"].get("Attributes") or {}
        elif container not in self._known:
            self._known[container] = self._ask(container)
        return self._known[container]

    def _ask(self, container: str) -> Mapping[str, str]:
        try:
            with self._engine.saying("looking at a container"):
                return self._engine.client.api.inspect_container(container)["Config"]["Labels"] or {}
        except DaemonGone:
            raise
        except ReplicaError:  # it is gone: nobody's any more
            return {}


def happening_of(event: Mapping[str, Any], labels: Mapping[str, str]) -> Happening:
    """An event of docker's, with the labels of its container, as a happening; who asked for it is not known here."""
    action, _, state = str(event["Action"]).partition(": ")
    attributes = event["Actor"].get("Attributes") or {}
    what = "health" if action == "health_status" else action
    detail = {"kill": attributes.get("signal", ""), "health": state}.get(what, "")
    return Happening(
        cast("What", what),
        _wall(event),
        component=labels.get(COMPONENT) or labels.get(SERVICE, ""),
        service=labels.get(SERVICE, ""),
        container=_container(event),
        exit_code=int(attributes["exitCode"]) if what == "die" and "exitCode" in attributes else None,
        detail=attributes.get("name", "") if event.get("Type") == "network" else detail,
    )


def _container(event: Mapping[str, Any]) -> str:
    actor = event["Actor"]
    return str(actor["ID"] if event.get("Type") == "container" else actor["Attributes"].get("container", ""))


def _wall(event: Mapping[str, Any]) -> datetime:
    nanoseconds = int(event.get("timeNano") or int(event["time"]) * 1_000_000_000)
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=rest // 1000)

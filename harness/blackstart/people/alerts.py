"""The alerts of a replica that monitors itself: read from its pager as they come, and put on record.

Prometheus evaluates its rules on the real replica, Alertmanager sends what fires to the replica's pager; here each
alert that came there is put on record once. Who is paged by it, and when, is the story's (`drill/alerting.py`).
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from blackstart.events import AlertReceived, AlertsUnread, Event, FreeText
from blackstart.record.store import WriteFailed
from blackstart.replica.programs.httpclient import request, why

if TYPE_CHECKING:
    from blackstart.people.base import Emit
    from blackstart.replica.telling import AlertFeed

__all__ = ["ALERTMANAGER", "Alerts"]

ALERTMANAGER = "alertmanager"
"""Who sends the alerts of a replica, on record."""

WAIT_S = 0.5
"""Real seconds that one request waits for the next alert, and that pass before a pager is tried again."""

ANSWER_S = 2.0
"""Real seconds for the answer itself; a pager that takes longer does not answer."""

LONGEST = 500
"""Characters that an alert's summary may have on a pager; what comes after is cut."""


class _NoFeed(Exception):
    """What was answered is no list of alerts; the text says why."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """One alert as the pager has it. `seq` counts from the start of the pager's process."""

    seq: int
    body: AlertReceived

    @classmethod
    def of(cls, entry: Any) -> _Entry:
        try:
            labels: Mapping[str, Any] = dict(entry["labels"])
            body = AlertReceived(
                alert=_line(entry["name"]),
                status="resolved" if entry["status"] == "resolved" else "firing",
                probe=_line(labels.get("probe", "")),
                component=_line(labels.get("component", "")),
                summary=FreeText.of(_line(entry["summary"])),
                starts_wall=_line(entry["starts_at"]),
                received_wall=_line(entry["received_at"]),
                fingerprint=_line(entry["fingerprint"]),
            )
            return cls(int(entry["seq"]), body)
        except (KeyError, TypeError, ValueError) as error:
            raise _NoFeed(f"it answers with what is no alert ({error})") from error


def _line(text: object) -> str:
    """A text on one line, however long the rule's author was."""
    return " ".join(str(text).split())[:LONGEST]


class Alerts:
    """What the replica's monitoring has said so far. `follow` starts a thread; the owner calls `close`.

    `take` is for what is on record already. Safe to ask from any thread.
    """

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._after = 0
        self._reached = True
        self._seen: set[tuple[str, str, str]] = set()
        self._firing: dict[str, AlertReceived] = {}
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def firing(self, probe: str) -> AlertReceived | None:
        """The alert of this probe that fires now, the one that came first; None when none does."""
        with self._lock:
            return next((alert for alert in self._firing.values() if alert.probe == probe), None)

    def take(self, event: Event) -> None:
        """Believe what is on record."""
        if isinstance(event.body, AlertReceived):
            self._know(event.body)

    def _know(self, alert: AlertReceived) -> None:
        with self._lock:
            self._seen.add(_identity(alert))
            if alert.status == "firing":
                self._firing.setdefault(alert.fingerprint, alert)
            else:
                self._firing.pop(alert.fingerprint, None)

    # --- the pager ------------------------------------------------------------------------------

    def follow(self, feed: AlertFeed) -> None:
        """Put on record what came to this pager and what will come, from a thread of its own."""
        self._thread = threading.Thread(target=self._follow, args=(feed,), name="alerts", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Read no more: within a second. May be called again, and when nothing was followed."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def _follow(self, feed: AlertFeed) -> None:
        while not self._over.is_set():
            try:
                self._look(feed)
            except WriteFailed:  # the disk is full: the drill says so elsewhere, and this is read again
                self._over.wait(WAIT_S)

    def _look(self, feed: AlertFeed) -> None:
        try:
            for entry in self._asked(feed):
                self._put(entry)
            self._reached = True
        except (OSError, http.client.HTTPException, _NoFeed) as error:
            self._after = 0  # a pager that was started again counts from 1
            self._say_unread(feed, why(error))
            self._over.wait(WAIT_S)

    def _asked(self, feed: AlertFeed) -> Iterator[_Entry]:
        answer = request(
            (feed.host, feed.port),
            "GET",
            f"/alerts?after={self._after}&wait={WAIT_S}",
            timeout_s=WAIT_S + ANSWER_S,
        )
        entries = answer.json()
        if not answer.ok or not isinstance(entries, list):
            raise _NoFeed(f"it answers {answer.complaint()}")
        return map(_Entry.of, entries)

    def _put(self, entry: _Entry) -> None:
        """On record, unless it is: a pager that was started again is told of the same alert again."""
        if self._over.is_set():
            return
        if _identity(entry.body) not in self._seen:
            self._emit(entry.body, actor=ALERTMANAGER, source="page")
            self._know(entry.body)
        self._after = entry.seq

    def _say_unread(self, feed: AlertFeed, reason: str) -> None:
        """Once, until it can be read again."""
        if self._reached and not self._over.is_set():
            body = AlertsUnread(f"{feed.host}:{feed.port}", reason)
            self._emit(body, actor="harness", source="harness")
            self._reached = False


def _identity(alert: AlertReceived) -> tuple[str, str, str]:
    """What makes two notes of an alert the same: Alertmanager repeats what goes on."""
    return alert.fingerprint, alert.status, alert.starts_wall

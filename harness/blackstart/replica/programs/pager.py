"""The pager: takes Alertmanager's webhooks, keeps them in order, prints a line for each page.

    pager.py [--host 127.0.0.1] [--port 9095]

    POST /alerts                  Alertmanager's webhook (version 4): an entry for each alert in it
    GET  /alerts?after=N&wait=S   the entries with a seq above N (0: all), oldest first, as a JSON list; when there
                                  is none yet, the answer comes with the next one, or empty after S seconds (0: at once)
    GET  /healthz                 200

An entry:
    seq          1, 2, 3 ...: the order in which they came, from the start of this process
    status       "firing" or "resolved"
    name         the label `alertname`
    labels       every label, among them `component`, `probe` and `severity`
    summary      the annotation `summary`, "" when there is none
    starts_at    when the symptom began, as Alertmanager writes it (RFC 3339)
    fingerprint  Alertmanager's name for this set of labels: firing and resolved have the same
    received_at  when it came here (RFC 3339, UTC)

Entries live in memory: a pager that is started again has forgotten them. What is asked wrongly is answered by 400
and {"error": sentence}. Standard library only.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition
from typing import Any
from urllib.parse import parse_qs, urlsplit

__all__ = ["Entry", "Inbox", "Pager", "main"]

LONGEST_WAIT_S = 60.0
"""Nobody is kept waiting longer, whatever was asked for."""

_LARGEST = 4_000_000
"""Bytes of a webhook: a hundred times what Alertmanager sends for all alerts there are."""


class Malformed(Exception):
    """What was sent is no webhook or no question; the text says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One alert, as it was sent once."""

    seq: int
    status: str
    name: str
    labels: Mapping[str, str]
    summary: str
    starts_at: str
    fingerprint: str
    received_at: str

    def line(self) -> str:
        """What the pager shows: "PAGE VaultLoginFailing: machine logins fail (503) (vault)"."""
        word = "PAGE" if self.status == "firing" else "OVER"
        return f"{self.received_at} {word} {self.name}: {self.summary} ({self.labels.get('component', '?')})"


class Inbox:
    """What came so far. For many threads."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._came = Condition()

    def take(self, webhook: Any) -> list[Entry]:
        """Keep every alert of a webhook. Malformed, and nothing is kept, when it is none."""
        with self._came:
            new = [
                _entry(number, each) for number, each in enumerate(_alerts(webhook), len(self._entries) + 1)
            ]
            self._entries += new
            self._came.notify_all()
        return new

    def after(self, seq: int, wait_s: float = 0.0) -> list[Entry]:
        """The entries above `seq`; the first of them is waited for as long as that."""
        with self._came:
            self._came.wait_for(lambda: len(self._entries) > seq, wait_s)
            return self._entries[seq:]


def _alerts(webhook: Any) -> list[Any]:
    alerts = webhook.get("alerts") if isinstance(webhook, dict) else None
    if not isinstance(alerts, list):
        raise Malformed("no webhook of Alertmanager: it has no list `alerts`")
    return alerts


def _entry(seq: int, alert: Any) -> Entry:
    try:
        labels = {str(name): str(value) for name, value in alert["labels"].items()}
        status, name = alert["status"], labels["alertname"]
        summary = alert.get("annotations", {}).get("summary", "")
        starts_at, fingerprint = alert.get("startsAt", ""), alert.get("fingerprint", "")
    except (KeyError, TypeError, AttributeError) as error:
        raise Malformed("an alert without `status`, `labels` or the label `alertname`") from error
    received_at = datetime.now(UTC).isoformat(timespec="milliseconds")
    return Entry(seq, str(status), name, labels, str(summary), str(starts_at), str(fingerprint), received_at)


class Pager(ThreadingHTTPServer):
    """The server; `inbox` is what it was sent. Its user calls `serve_forever`, `shutdown` and `server_close`."""

    daemon_threads = True  # whoever waits for a page does not keep the process

    def __init__(self, address: tuple[str, int]) -> None:
        super().__init__(address, Handler)
        self.inbox = Inbox()


class Handler(BaseHTTPRequestHandler):
    server: Pager
    timeout = LONGEST_WAIT_S

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/healthz":
            return self._answer(200, {"ok": True})
        if url.path != "/alerts":
            return self._answer(404, {"error": f"there is no {url.path}; there are /alerts and /healthz"})
        try:
            seq, wait_s = _asked(url.query)
        except Malformed as error:
            return self._answer(400, {"error": str(error)})
        self._answer(200, [asdict(entry) for entry in self.server.inbox.after(seq, wait_s)])

    def do_POST(self) -> None:
        try:
            new = self.server.inbox.take(self._sent())
        except Malformed as error:
            self.close_connection = True
            return self._answer(400, {"error": str(error)})
        for entry in new:
            print(entry.line(), flush=True)
        self._answer(200, {"taken": len(new)})

    def _sent(self) -> Any:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _LARGEST:
            raise Malformed(f"a webhook says its length, at most {_LARGEST} bytes")
        try:
            return json.loads(self.rfile.read(int(length)))
        except ValueError as error:
            raise Malformed("the webhook is no JSON") from error

    def _answer(self, status: int, document: object) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Only pages are printed."""


def _asked(query: str) -> tuple[int, float]:
    """After which entry, and how long to wait for it."""
    asked = parse_qs(query)
    after, wait = asked.get("after", ["0"])[-1], asked.get("wait", ["0"])[-1]
    try:
        seq, wait_s = int(after), float(wait)
    except ValueError as error:
        raise Malformed(f"`after` and `wait` are numbers, not {after!r} and {wait!r}") from error
    if seq < 0 or not wait_s >= 0:
        raise Malformed("`after` and `wait` are not below 0")
    return seq, min(wait_s, LONGEST_WAIT_S)


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="pager", description="Takes Alertmanager's webhooks and shows pages."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=9095, help="port; 0: any that is free (default: 9095)")
    flags = parser.parse_args(argv)
    with Pager((flags.host, flags.port)) as pager:
        host, port = pager.server_address[:2]
        signal.signal(
            signal.SIGTERM, lambda *_: sys.exit()
        )  # as a container's first process it must ask to be ended
        print(f"waiting for pages on {host!s}:{port}", flush=True)
        pager.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])

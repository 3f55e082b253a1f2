"""The pager, asked over real sockets as Alertmanager and the harness do."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Thread
from typing import Any

import pytest

from blackstart.replica.components.workload import interpreter
from blackstart.replica.programs.httpclient import Answer, request
from blackstart.replica.programs.pager import Inbox, Malformed, Pager

LIMIT_S = 20.0


@pytest.fixture
def pager() -> Iterator[Pager]:
    with Pager(("127.0.0.1", 0)) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(pager: Pager, path: str, body: object = None) -> Answer:
    host, port = pager.server_address[:2]
    return request((str(host), port), "GET" if body is None else "POST", path, body=body, timeout_s=LIMIT_S)


def alert(name: str = "VaultLoginFailing", status: str = "firing") -> dict[str, Any]:
    return {
        "status": status,
        "labels": {"alertname": name, "component": "vault", "probe": "vault", "severity": "page"},
        "annotations": {"summary": "machine logins fail (503)"},
        "startsAt": "2026-11-21T15:00:45.36Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "fingerprint": "c23355880e699686",
    }


def webhook(*alerts: dict[str, Any]) -> dict[str, Any]:
    return {"version": "4", "status": "firing", "receiver": "pager", "alerts": list(alerts)}


def test_what_was_sent_is_given_back_in_order(pager: Pager) -> None:
    assert ask(pager, "/alerts", webhook(alert(), alert("ServiceDown"))).json() == {"taken": 2}
    ask(pager, "/alerts", webhook(alert(status="resolved")))

    entries = ask(pager, "/alerts").json()

    assert [(each["seq"], each["status"], each["name"]) for each in entries] == [
        (1, "firing", "VaultLoginFailing"),
        (2, "firing", "ServiceDown"),
        (3, "resolved", "VaultLoginFailing"),
    ]
    assert set(entries[0]) == {
        "seq",
        "status",
        "name",
        "labels",
        "summary",
        "starts_at",
        "fingerprint",
        "received_at",
    }
    assert entries[0]["labels"]["probe"] == "vault"
    assert entries[0]["summary"] == "machine logins fail (503)"
    assert entries[0]["starts_at"] == "2026-11-21T15:00:45.36Z"


def test_only_what_came_after_a_number(pager: Pager) -> None:
    ask(pager, "/alerts", webhook(alert(), alert("ServiceDown")))

    assert [each["seq"] for each in ask(pager, "/alerts?after=1").json()] == [2]
    assert ask(pager, "/alerts?after=2").json() == []
    assert ask(pager, "/alerts?after=7").json() == []


def test_who_waits_gets_the_next_one(pager: Pager) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(ask, pager, f"/alerts?after=0&wait={LIMIT_S}")
        ask(pager, "/alerts", webhook(alert()))

        assert [each["seq"] for each in waiting.result(LIMIT_S).json()] == [1]


def test_who_has_waited_long_enough_gets_nothing(pager: Pager) -> None:
    assert ask(pager, "/alerts?after=0&wait=0.01").json() == []


@pytest.mark.parametrize(
    "body",
    [b"{", [], {}, {"alerts": 1}, webhook({"status": "firing"}), webhook({"labels": {"alertname": "A"}})],
)
def test_what_is_no_webhook_is_refused_and_nothing_is_kept(pager: Pager, body: object) -> None:
    answer = ask(pager, "/alerts", body)

    assert answer.status == 400
    assert answer.json()["error"]
    assert ask(pager, "/alerts").json() == []


def test_of_a_webhook_that_is_half_wrong_nothing_is_kept() -> None:
    inbox = Inbox()
    with pytest.raises(Malformed, match="alertname"):
        inbox.take(webhook(alert(), {"status": "firing", "labels": {}}))
    assert inbox.after(0) == []


@pytest.mark.parametrize("query", ["after=x", "after=-1", "wait=soon", "wait=-1", "wait=nan"])
def test_a_question_that_is_none(pager: Pager, query: str) -> None:
    answer = ask(pager, f"/alerts?{query}")

    assert answer.status == 400
    assert "`after` and `wait`" in answer.json()["error"]


def test_other_pages(pager: Pager) -> None:
    assert ask(pager, "/healthz").ok
    assert ask(pager, "/pages").status == 404


def test_it_prints_a_line_for_each_page_and_ends_when_asked_to() -> None:
    argv, env = interpreter("pager.py", {})
    with subprocess.Popen(
        [*argv, "--port", "0"], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        try:
            port = int(process.stdout.readline().rpartition(":")[2])
            for status in ("firing", "resolved"):
                request(
                    ("127.0.0.1", port),
                    "POST",
                    "/alerts",
                    body=webhook(alert(status=status)),
                    timeout_s=LIMIT_S,
                )
            lines = [process.stdout.readline() for _ in range(2)]
            process.send_signal(signal.SIGTERM)
            assert process.wait(LIMIT_S) == 0
        finally:
            process.kill()
    assert [line.split(" ", 1)[1] for line in lines] == [
        "PAGE VaultLoginFailing: machine logins fail (503) (vault)\n",
        "OVER VaultLoginFailing: machine logins fail (503) (vault)\n",
    ]

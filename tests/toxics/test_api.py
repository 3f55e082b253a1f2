"""The API's own additions. That it is Toxiproxy's is tested in `same_as_toxiproxy`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from blackstart.toxics.api import VERSION, Api
from blackstart.toxics.collection import Collection
from blackstart.toxics.proxy import Settings
from blackstart.toxics.web import Answer, Request

if TYPE_CHECKING:
    from blackstart.toxics.loop import Loop


class Asking:
    def __init__(self, api: Api) -> None:
        self._api = api

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        return self._api(Request(method, path, headers, content))


@pytest.fixture
def ask(loop: Loop) -> Iterator[Asking]:
    collection = Collection(Settings(loop))
    yield Asking(Api(collection))
    collection.close()


def make(ask: Asking, **more: Any) -> Any:
    answer = ask(
        "POST", "/proxies", {"name": "one", "listen": "127.0.0.1:0", "upstream": "127.0.0.1:1", **more}
    )
    assert answer.status == 201, answer.body
    return json.loads(answer.body)


def test_protocol_and_clients_and_times_to_live_are_shown(ask: Asking) -> None:
    assert make(ask, protocol="udp")["protocol"] == "udp"
    toxic = {"type": "noop", "clients": ["127.0.1.11"], "ttl_ms": 60_000}
    made = json.loads(ask("POST", "/proxies/one/toxics", toxic).body)
    assert (made["clients"], made["ttl_ms"]) == (["127.0.1.11"], 60_000)
    assert json.loads(ask("GET", "/proxies").body)["one"]["toxics"] == [made]


def test_metrics_are_always_there(ask: Asking) -> None:
    answer = ask("GET", "/metrics")
    assert (answer.status, answer.content_type) == (200, "text/plain; version=0.0.4; charset=utf-8")


def test_the_version_says_whose_api_and_who_speaks(ask: Asking) -> None:
    assert json.loads(ask("GET", "/version").body) == {"version": VERSION}
    assert VERSION.startswith("2.12.0+blackstart.")


def test_names_are_said_in_a_path_in_percent(ask: Asking) -> None:
    make(ask, name="a b?é")
    assert ask("GET", "/proxies/a%20b%3F%C3%A9").status == 200
    assert ask("DELETE", "/proxies/a%20b%3F%C3%A9").status == 204


def test_a_path_without_a_name_is_none(ask: Asking) -> None:
    assert ask("GET", "/proxies/one//toxics").status == 404
    assert ask("GET", "/proxies//toxics").status == 404
    assert ask("GET", "/proxies/").status == 404


@pytest.mark.parametrize(
    "body", [b"\xff\xfe", b"[" * 100_000, b'{"name": "\\ud800", "upstream": "x"}', b"NaN"]
)
def test_bodies_from_hell_are_a_400(ask: Asking, body: bytes) -> None:
    answer = ask("POST", "/proxies", body)
    assert answer.status == 400
    assert json.loads(answer.body)["error"].startswith("bad request body: ")


def test_a_number_that_is_none_is_refused(ask: Asking) -> None:
    make(ask)
    for text in (b'{"type": "noop", "toxicity": NaN}', b'{"type": "noop", "toxicity": Infinity}'):
        assert ask("POST", "/proxies/one/toxics", text).status == 400


def test_a_defect_of_ours_is_answered_too(
    ask: Asking, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(self: Collection) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(Collection, "all", broken)
    assert ask("GET", "/proxies").status == 500
    assert "ZeroDivisionError: ours" in capsys.readouterr().err
    monkeypatch.undo()


@pytest.mark.parametrize("huge", [10**400, -(10**400)])
def test_a_number_that_no_float_can_hold(ask: Asking, huge: int) -> None:
    make(ask)
    answer = ask("POST", "/proxies/one/toxics", {"type": "latency", "toxicity": huge})
    assert answer.status == 400
    assert b"toxicity" in answer.body

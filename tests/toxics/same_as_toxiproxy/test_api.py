"""Proxies by the API: every endpoint, status, text and default."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.toxics.same_as_toxiproxy.conftest import Reading, Subject, Upstream

DEAD = "127.0.0.1:1"
"""An address where nothing listens."""


def body(name: str, **more: object) -> dict[str, object]:
    return {"name": name, "listen": "127.0.0.1:0", "upstream": DEAD, **more}


def error(text: str, status: int) -> dict[str, object]:
    return {"error": text, "status": status}


def test_index_is_empty_at_first(proxy: Subject) -> None:
    answer = proxy.ask("GET", "/proxies")
    assert (answer.status, answer.json) == (200, {})
    assert answer.headers["content-type"] == "application/json"


def test_version_is_json(proxy: Subject) -> None:
    answer = proxy.ask("GET", "/version")
    assert answer.status == 200
    assert list(answer.json) == ["version"]
    assert answer.headers["content-type"] == "application/json;charset=utf-8"


def test_every_answer_has_a_request_id_of_its_own(proxy: Subject) -> None:
    ids = [proxy.ask("GET", "/proxies").headers["x-toxiproxy-request-id"] for _ in range(3)]
    assert all(ids)
    assert len(set(ids)) == 3


def test_a_browser_is_refused(proxy: Subject) -> None:
    answer = proxy.ask("GET", "/proxies", headers={"User-Agent": "Mozilla/5.0 (X11; Linux)"})
    assert (answer.status, answer.text) == (403, "User agent not allowed\n")


@pytest.mark.parametrize("agent", ["", "Wget/1.2", "toxiproxy-cli/v2.12.0 (Mozilla/5.0)"])
def test_what_is_no_browser_is_served(proxy: Subject, agent: str) -> None:
    assert proxy.ask("GET", "/proxies", headers={"User-Agent": agent}).status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/proxies"),
        ("DELETE", "/proxies"),
        ("GET", "/populate"),
        ("GET", "/reset"),
        ("POST", "/version"),
        ("PUT", "/proxies/x"),
        ("PUT", "/proxies/x/toxics"),
        ("DELETE", "/proxies/x/toxics"),
        ("PUT", "/proxies/x/toxics/y"),
    ],
)
def test_a_verb_that_the_path_has_not(proxy: Subject, method: str, path: str) -> None:
    assert proxy.ask(method, path).status == 405


@pytest.mark.parametrize("path", ["/", "/nowhere", "/proxies/x/links"])
def test_a_path_that_is_none(proxy: Subject, path: str) -> None:
    answer = proxy.ask("GET", path)
    assert (answer.status, answer.text) == (404, "404 page not found\n")


def test_create_answers_the_whole_proxy(proxy: Subject) -> None:
    answer = proxy.ask("POST", "/proxies", body("one"))
    made = answer.json
    assert answer.status == 201
    assert answer.headers["content-type"] == "application/json"
    host, _, port = made["listen"].rpartition(":")
    assert host == "127.0.0.1"
    assert int(port) > 0
    assert made == {"name": "one", "listen": made["listen"], "upstream": DEAD, "enabled": True, "toxics": []}
    assert proxy.ask("GET", "/proxies/one").json == made
    assert proxy.ask("GET", "/proxies").json == {"one": made}


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ({}, "missing required field: name"),
        ({"name": ""}, "missing required field: name"),
        ({"upstream": DEAD}, "missing required field: name"),
        ({"name": "one"}, "missing required field: upstream"),
        ({"name": "one", "upstream": ""}, "missing required field: upstream"),
    ],
)
def test_create_without_what_it_needs(proxy: Subject, asked: dict[str, str], text: str) -> None:
    answer = proxy.ask("POST", "/proxies", {"listen": "127.0.0.1:0", **asked})
    assert (answer.status, answer.json) == (400, error(text, 400))
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert proxy.ask("GET", "/proxies").json == {}


@pytest.mark.parametrize(
    "asked", ["nonsense", "", "[]", '{"name": 1}', '{"name": "x", "enabled": "yes"}', "{"]
)
def test_a_body_that_is_not_understood(proxy: Subject, asked: str) -> None:
    answer = proxy.ask("POST", "/proxies", asked)
    assert answer.status == 400
    assert answer.json["status"] == 400
    assert answer.json["error"].startswith("bad request body: ")


def test_a_name_can_be_used_once(proxy: Subject) -> None:
    proxy.create("one", DEAD)
    answer = proxy.ask("POST", "/proxies", body("one"))
    assert (answer.status, answer.json) == (409, error("proxy already exists", 409))


def test_a_port_in_use_is_refused_until_it_is_free(proxy: Subject) -> None:
    _, port = proxy.create("one", DEAD)
    listen = f"127.0.0.1:{port}"
    answer = proxy.ask("POST", "/proxies", body("two", listen=listen))
    assert answer.status == 500
    assert answer.json["status"] == 500
    assert "address already in use" in answer.json["error"]
    assert list(proxy.ask("GET", "/proxies").json) == ["one"]
    proxy.ask("DELETE", "/proxies/one")
    assert proxy.create("two", DEAD, listen) == ("127.0.0.1", port)


def test_a_listen_address_that_is_none_is_a_500(proxy: Subject) -> None:
    answer = proxy.ask("POST", "/proxies", body("one", listen="nowhere"))
    assert answer.status == 500
    assert proxy.ask("GET", "/proxies").json == {}


def test_created_disabled_it_does_not_listen_until_enabled(proxy: Subject, upstream: Upstream) -> None:
    listen = upstream.address  # taken: a proxy that does not listen does not mind
    made = proxy.ask("POST", "/proxies", body("one", listen=listen, enabled=False))
    assert (made.status, made.json["enabled"], made.json["listen"]) == (201, False, listen)
    upstream.close()
    on = proxy.ask("PATCH", "/proxies/one", {"enabled": True})
    assert (on.status, on.json["enabled"]) == (200, True)
    host, _, port = listen.rpartition(":")
    socket.create_connection((host, int(port))).close()


def test_delete_frees_the_name_and_the_port(proxy: Subject) -> None:
    listen = proxy.create("one", DEAD)
    answer = proxy.ask("DELETE", "/proxies/one")
    assert (answer.status, answer.text) == (204, "")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(listen)
    assert proxy.ask("GET", "/proxies").json == {}


@pytest.mark.parametrize(
    ("method", "path", "asked"),
    [
        ("GET", "/proxies/none", None),
        ("DELETE", "/proxies/none", None),
        ("PATCH", "/proxies/none", {}),
        ("POST", "/proxies/none", {}),
        ("GET", "/proxies/none/toxics", None),
        ("POST", "/proxies/none/toxics", {"type": "noop"}),
        ("GET", "/proxies/none/toxics/x", None),
        ("PATCH", "/proxies/none/toxics/x", {}),
        ("POST", "/proxies/none/toxics/x", {}),
        ("DELETE", "/proxies/none/toxics/x", None),
    ],
)
def test_an_unknown_proxy(proxy: Subject, method: str, path: str, asked: object) -> None:
    answer = proxy.ask(method, path, asked)
    assert (answer.status, answer.json) == (404, error("proxy not found", 404))
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_several_are_listed_by_name(proxy: Subject) -> None:
    for name in ("one", "two"):
        proxy.create(name, DEAD)
    listed = proxy.ask("GET", "/proxies").json
    assert {name: made["name"] for name, made in listed.items()} == {"one": "one", "two": "two"}


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_update_answers_the_whole_proxy_and_keeps_what_is_absent(proxy: Subject, method: str) -> None:
    proxy.create("one", DEAD)
    before = proxy.ask("GET", "/proxies/one").json
    answer = proxy.ask(method, "/proxies/one", {"upstream": "127.0.0.1:2"})
    assert (answer.status, answer.json) == (200, {**before, "upstream": "127.0.0.1:2"})


def test_update_does_not_rename(proxy: Subject) -> None:
    proxy.create("one", DEAD)
    assert proxy.ask("PATCH", "/proxies/one", {"name": "two"}).json["name"] == "one"


@pytest.mark.parametrize("asked", ["nonsense", '{"enabled": "no"}', '{"upstream": 7}'])
def test_an_update_that_is_not_understood_changes_nothing(proxy: Subject, asked: str) -> None:
    proxy.create("one", DEAD)
    before = proxy.ask("GET", "/proxies/one").json
    answer = proxy.ask("PATCH", "/proxies/one", asked)
    assert answer.status == 400
    assert answer.json["error"].startswith("bad request body: ")
    assert proxy.ask("GET", "/proxies/one").json == before


def test_a_new_upstream_drops_connections_and_serves_from_there(
    proxy: Subject, upstream: Upstream, second: Upstream, read: Reading
) -> None:
    listen = proxy.create("one", upstream.address)
    client, server = upstream.pair(listen)
    assert proxy.ask("PATCH", "/proxies/one", {"upstream": second.address}).status == 200
    assert read.ended(client)
    assert read.ended(server)
    again, there = second.pair(listen)
    again.sendall(b"moved")
    assert read.exactly(there, 5) == b"moved"


def test_a_new_listen_address(proxy: Subject, upstream: Upstream, read: Reading) -> None:
    before = proxy.create("one", upstream.address)
    client, server = upstream.pair(before)
    answer = proxy.ask("PATCH", "/proxies/one", {"listen": "127.0.0.2:0"})
    assert answer.status == 200
    host, _, port = answer.json["listen"].rpartition(":")
    assert host == "127.0.0.2"
    assert read.ended(client)
    assert read.ended(server)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(before)
    again, there = upstream.pair((host, int(port)))
    there.sendall(b"here")
    assert read.exactly(again, 4) == b"here"


def test_another_spelling_of_the_same_address_keeps_connections(
    proxy: Subject, upstream: Upstream, read: Reading
) -> None:
    host, port = proxy.create("one", upstream.address)
    client, server = upstream.pair((host, port))
    assert proxy.ask("PATCH", "/proxies/one", {"listen": f"localhost:{port}"}).status == 200
    client.sendall(b"still")
    assert read.exactly(server, 5) == b"still"


def test_the_same_values_keep_connections(proxy: Subject, upstream: Upstream, read: Reading) -> None:
    listen = proxy.create("one", upstream.address)
    client, server = upstream.pair(listen)
    whole = proxy.ask("GET", "/proxies/one").json
    assert proxy.ask("POST", "/proxies/one", whole).json == whole
    client.sendall(b"still")
    assert read.exactly(server, 5) == b"still"


def test_disabled_closes_and_refuses_and_enabled_serves_again(
    proxy: Subject, upstream: Upstream, read: Reading
) -> None:
    listen = proxy.create("one", upstream.address)
    client, server = upstream.pair(listen)
    off = proxy.ask("PATCH", "/proxies/one", {"enabled": False})
    assert (off.status, off.json["enabled"]) == (200, False)
    assert client.recv(1) == b""
    assert server.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(listen)
    on = proxy.ask("PATCH", "/proxies/one", {"enabled": True})
    assert (on.status, on.json["enabled"]) == (200, True)
    again, there = upstream.pair(listen)
    again.sendall(b"again")
    assert read.exactly(there, 5) == b"again"


def test_enabled_twice_keeps_connections(proxy: Subject, upstream: Upstream, read: Reading) -> None:
    client, server = upstream.pair(proxy.create("one", upstream.address))
    assert proxy.ask("PATCH", "/proxies/one", {"enabled": True}).status == 200
    client.sendall(b"still")
    assert read.exactly(server, 5) == b"still"


def test_reset_enables_and_removes_toxics_and_keeps_connections(
    proxy: Subject, upstream: Upstream, read: Reading
) -> None:
    client, server = upstream.pair(proxy.create("one", upstream.address))
    proxy.toxic("one", "latency", latency=3_600_000)
    down = proxy.create("two", upstream.address)
    proxy.ask("PATCH", "/proxies/two", {"enabled": False})
    answer = proxy.ask("POST", "/reset")
    assert (answer.status, answer.text) == (204, "")
    states: dict[str, Any] = proxy.ask("GET", "/proxies").json
    assert [(one["enabled"], one["toxics"]) for one in states.values()] == [(True, []), (True, [])]
    server.sendall(b"kept")
    assert read.exactly(client, 4) == b"kept"
    socket.create_connection(down).close()


def test_an_upstream_that_is_down_is_a_close(proxy: Subject, upstream: Upstream) -> None:
    listen = proxy.create("one", DEAD)
    assert upstream.dial(listen).recv(1) == b""


def test_the_proxy_serves_the_next_after_an_upstream_that_is_down(
    proxy: Subject, upstream: Upstream, second: Upstream, read: Reading
) -> None:
    address = second.address
    listen = proxy.create("one", address)
    second.close()
    assert upstream.dial(listen).recv(1) == b""
    proxy.ask("PATCH", "/proxies/one", {"upstream": upstream.address})
    client, server = upstream.pair(listen)
    client.sendall(b"up")
    assert read.exactly(server, 2) == b"up"

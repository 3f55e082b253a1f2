"""POST /populate: many proxies at once, and what happens to those that exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.toxics.same_as_toxiproxy.conftest import Answer, Reading, Subject, Upstream

DEAD = "127.0.0.1:1"


def wish(name: str, listen: str = "127.0.0.1:0", **more: object) -> dict[str, object]:
    return {"name": name, "listen": listen, "upstream": DEAD, **more}


def populate(proxy: Subject, *wishes: object) -> Answer:
    return proxy.ask("POST", "/populate", list(wishes))


def names(proxy: Subject) -> list[str]:
    return sorted(proxy.ask("GET", "/proxies").json)


def test_two_are_made_and_answered_in_order(proxy: Subject) -> None:
    answer = populate(proxy, wish("one"), wish("two"))
    assert answer.status == 201
    assert answer.headers["content-type"] == "application/json"
    assert [one["name"] for one in answer.json["proxies"]] == ["one", "two"]
    assert list(answer.json) == ["proxies"]
    assert answer.json["proxies"] == [proxy.ask("GET", f"/proxies/{name}").json for name in ("one", "two")]


def test_enabled_unless_told_otherwise(proxy: Subject) -> None:
    answer = populate(proxy, wish("on"), wish("said", enabled=True), wish("off", enabled=False))
    assert [one["enabled"] for one in answer.json["proxies"]] == [True, True, False]


def test_an_equal_proxy_is_kept_with_its_toxics_and_connections(
    proxy: Subject, upstream: Upstream, read: Reading
) -> None:
    host, port = proxy.create("one", upstream.address)
    client, server = upstream.pair((host, port))
    proxy.toxic("one", "noop")
    same = {"name": "one", "listen": f"{host}:{port}", "upstream": upstream.address}
    answer = populate(proxy, same, wish("two"))
    assert answer.status == 201
    assert [one["name"] for one in answer.json["proxies"]] == ["one", "two"]
    assert [one["name"] for one in answer.json["proxies"][0]["toxics"]] == ["noop_downstream"]
    client.sendall(b"still")
    assert read.exactly(server, 5) == b"still"


def test_an_equal_proxy_stays_disabled(proxy: Subject) -> None:
    host, port = proxy.create("one", DEAD)
    proxy.ask("PATCH", "/proxies/one", {"enabled": False})
    answer = populate(proxy, wish("one", f"{host}:{port}", enabled=True))
    assert answer.json["proxies"][0]["enabled"] is False


def test_a_different_one_is_replaced(proxy: Subject, upstream: Upstream, read: Reading) -> None:
    host, port = proxy.create("one", upstream.address)
    client, _ = upstream.pair((host, port))
    proxy.toxic("one", "noop")
    answer = populate(proxy, wish("one", f"{host}:{port}"))
    assert answer.status == 201
    assert (answer.json["proxies"][0]["upstream"], answer.json["proxies"][0]["toxics"]) == (DEAD, [])
    assert read.ended(client)


def test_port_0_is_always_different(proxy: Subject) -> None:
    before = populate(proxy, wish("one")).json["proxies"][0]
    proxy.toxic("one", "noop")
    after = populate(proxy, wish("one")).json["proxies"][0]
    assert after["toxics"] == []
    assert after["upstream"] == before["upstream"]


def test_others_are_left_alone(proxy: Subject) -> None:
    proxy.create("mine", DEAD)
    populate(proxy, wish("one"))
    assert names(proxy) == ["mine", "one"]


def test_a_missing_name_makes_none(proxy: Subject) -> None:
    answer = populate(proxy, wish("one"), {"listen": "127.0.0.1:0", "upstream": DEAD})
    assert answer.status == 400
    assert answer.headers["content-type"] == "application/json"
    assert answer.json["error"] == "missing required field: name at proxy 2"
    assert answer.json["status"] == 400
    assert not answer.json["proxies"]
    assert names(proxy) == []


def test_a_missing_upstream_makes_none(proxy: Subject) -> None:
    answer = populate(proxy, wish("one"), wish("two", upstream=""))
    assert (answer.status, answer.json["error"]) == (400, "missing required field: upstream at proxy 2")
    assert names(proxy) == []


def test_one_that_cannot_listen_is_an_error_and_those_before_it_stay(proxy: Subject) -> None:
    taken = proxy.port
    answer = populate(proxy, wish("one"), wish("two", f"127.0.0.1:{taken}"), wish("three"))
    assert answer.status == 500
    assert "address already in use" in answer.json["error"]
    assert [one["name"] for one in answer.json["proxies"]] == ["one"]
    assert names(proxy) == ["one"]


def test_a_body_that_is_no_list(proxy: Subject) -> None:
    answer = proxy.ask("POST", "/populate", wish("one"))
    assert answer.status == 400
    assert answer.json["error"].startswith("bad request body: ")
    assert answer.headers["content-type"] == "application/json"


def test_an_empty_list_is_fine(proxy: Subject) -> None:
    answer = populate(proxy)
    assert answer.status == 201
    assert not answer.json["proxies"]


def test_the_result_takes_toxics(proxy: Subject) -> None:
    populate(proxy, wish("one"))
    assert proxy.toxic("one", "latency", latency=5) == "latency_downstream"

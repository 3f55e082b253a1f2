"""All proxies together: what is refused before anything is changed, and our own fields of a proxy."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from blackstart.toxics.collection import Collection, PopulateFailed
from blackstart.toxics.errors import ProxyRefused
from blackstart.toxics.proxy import Settings

if TYPE_CHECKING:
    from tests.toxics.conftest import ManualClock

    from blackstart.toxics.loop import Loop

DEAD = "127.0.0.1:1"


@pytest.fixture
def collection(loop: Loop) -> Iterator[Collection]:
    made = Collection(Settings(loop))
    yield made
    made.close()


def wish(name: str = "one", **more: Any) -> dict[str, Any]:
    return {"name": name, "listen": "127.0.0.1:0", "upstream": DEAD, **more}


def refused(call: Any, *words: Any) -> ProxyRefused:
    with pytest.raises(ProxyRefused) as caught:
        call(*words)
    return caught.value


def test_a_protocol_that_is_none(collection: Collection) -> None:
    said = refused(collection.create, wish(protocol="sctp"))
    assert (said.status, said.message) == (
        400,
        "bad request body: protocol must be one of tcp, udp, http, not 'sctp'",
    )
    assert collection.all() == []


def test_a_protocol_stays(collection: Collection) -> None:
    collection.create(wish(protocol="udp"))
    assert "stays one" in refused(collection.update, "one", {"protocol": "tcp"}).message
    assert collection.update("one", {"protocol": "udp"}).to_json()["protocol"] == "udp"


def test_one_port_for_tcp_and_udp(collection: Collection) -> None:
    tcp = collection.create(wish("dns"))
    udp = collection.create(wish("dns-udp", listen=tcp.listen, protocol="udp"))
    assert udp.listen == tcp.listen


@pytest.mark.parametrize("name", ["a/b", ".", "..", "a\nb"])
def test_a_name_that_no_path_can_say(collection: Collection, name: str) -> None:
    assert refused(collection.create, wish(name)).status == 400


@pytest.mark.parametrize(
    "document",
    [
        {**wish(), "name": 5},
        wish(listen=5),
        wish(upstream=[]),
        wish(enabled="yes"),
        wish(ttl_ms="x"),
        wish(ttl_ms=-1),
        5,
        [],
    ],
)
def test_values_of_the_wrong_kind(collection: Collection, document: Any) -> None:
    said = refused(collection.create, document)
    assert said.status == 400
    assert said.message.startswith("bad request body: ")


def test_what_it_does_not_know_is_passed_over_as_clients_send_back_what_they_got(
    collection: Collection,
) -> None:
    collection.create({**wish(), "toxics": [], "Logger": {}})
    assert [proxy.name for proxy in collection.all()] == ["one"]


def test_down_for_a_time_by_patch_and_renewed_by_patch(
    collection: Collection, loop: Loop, clock: ManualClock
) -> None:
    proxy = collection.create(wish())
    collection.update("one", {"enabled": False, "ttl_ms": 1_000})
    for now in (900, 1_800):
        clock.move_to(now)
        loop.run_due()
        collection.update("one", {})
        assert not proxy.enabled
    clock.move_to(2_800)
    loop.run_due()
    assert proxy.enabled


def test_made_down_for_a_time(collection: Collection, loop: Loop, clock: ManualClock) -> None:
    proxy = collection.create(wish(enabled=False, ttl_ms=1_000))
    clock.move_to(1_000)
    loop.run_due()
    assert proxy.enabled


def test_a_refused_update_changes_nothing(collection: Collection) -> None:
    before = collection.create(wish()).to_json()
    for document in (
        {"upstream": "127.0.0.1:2", "enabled": "no"},
        {"upstream": "127.0.0.1:2", "listen": "192.0.2.1:80"},
        {"enabled": False, "ttl_ms": -5},
    ):
        refused(collection.update, "one", document)
        assert collection.get("one").to_json() == before


def test_an_address_that_cannot_be_listened_on_leaves_it_as_it_was(collection: Collection) -> None:
    before = collection.create(wish()).to_json()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        assert refused(collection.update, "one", {"listen": listen, "upstream": "127.0.0.1:2"}).status == 500
    assert collection.get("one").to_json() == before


def test_coming_up_at_an_address_that_is_taken_changes_nothing(collection: Collection) -> None:
    before = collection.create(wish(enabled=False)).to_json()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        document = {"listen": listen, "upstream": "127.0.0.1:2", "enabled": True}
        assert refused(collection.update, "one", document).status == 500
    assert collection.get("one").to_json() == before


def test_populate_replaces_one_whose_protocol_differs(collection: Collection) -> None:
    listen = collection.create(wish()).listen
    (made,) = collection.populate([wish(listen=listen, protocol="http")])
    assert made.protocol == "http"
    assert collection.populate([wish(listen=listen, protocol="http")]) == [made]


def test_populate_with_every_interface_is_equal_to_what_was_made_of_it(collection: Collection) -> None:
    port = collection.create(wish()).listen.rpartition(":")[2]
    assert collection.populate([wish(listen=f"0.0.0.0:{port}")]) == [collection.get("one")]


def test_populate_says_what_was_made_before_it_failed(collection: Collection) -> None:
    with pytest.raises(PopulateFailed) as caught:
        collection.populate([wish("one"), wish("two", listen="nonsense"), wish("three")])
    assert [proxy.name for proxy in caught.value.made] == ["one"]
    assert caught.value.refused.status == 500


@pytest.mark.parametrize("listen", ["192.0.2.1:80", "nowhere"])
def test_a_proxy_that_populate_cannot_replace_is_still_there(collection: Collection, listen: str) -> None:
    before = collection.create(wish())
    with pytest.raises(PopulateFailed):
        collection.populate([wish(upstream="127.0.0.1:2", listen=listen)])
    assert collection.get("one") is before
    assert before.enabled


def test_a_proxy_that_populate_cannot_replace_still_comes_up_by_itself(
    collection: Collection, loop: Loop, clock: ManualClock
) -> None:
    proxy = collection.create(wish(enabled=False, ttl_ms=1_000))
    with pytest.raises(PopulateFailed):
        collection.populate([wish(upstream="127.0.0.1:2", listen="192.0.2.1:80")])
    clock.move_to(1_000)
    loop.run_due()
    assert proxy.enabled


@pytest.mark.parametrize("enabled", [None, True])
def test_a_proxy_that_is_up_takes_no_time_to_live(collection: Collection, enabled: bool | None) -> None:
    more: dict[str, Any] = {"ttl_ms": 400} if enabled is None else {"ttl_ms": 400, "enabled": enabled}
    assert "say enabled false with it" in refused(collection.create, wish(**more)).message
    before = collection.create(wish()).to_json()
    assert "say enabled false with it" in refused(collection.update, "one", more).message
    assert collection.get("one").to_json() == before


@pytest.mark.parametrize("field", ["listen", "upstream"])
def test_an_address_that_cannot_be_written(collection: Collection, field: str) -> None:
    assert "cannot be written" in refused(collection.create, wish(**{field: "\ud800:1"})).message


def test_an_address_that_is_no_name_of_a_host(collection: Collection) -> None:
    assert "a..b" in refused(collection.create, wish(listen="a..b:80")).message


def test_reset_leaves_no_time_to_live_behind(collection: Collection, loop: Loop) -> None:
    collection.create(wish())
    collection.add_toxic("one", {"type": "noop", "ttl_ms": 500})
    collection.update("one", {"enabled": False, "ttl_ms": 500})
    collection.reset()
    assert loop.next_due() is None
    assert collection.get("one").to_json()["toxics"] == []


def test_reset_goes_on_to_the_others_when_one_cannot_come_up(collection: Collection) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        collection.create(wish("stuck", listen=listen, enabled=False))
        collection.create(wish("other", enabled=False))
        collection.add_toxic("other", {"type": "noop"})
        collection.add_toxic("stuck", {"type": "noop"})
        assert refused(collection.reset).status == 500
    assert collection.get("other").enabled
    assert [proxy.toxics for proxy in collection.all()] == [[], []]

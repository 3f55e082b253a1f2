"""A proxy's toxics, its ups and downs and its times to live, with a listener that only writes down."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

import pytest

from blackstart.toxics.errors import ProxyRefused
from blackstart.toxics.model import Toxic, read_change, read_toxic
from blackstart.toxics.proxy import Proxy, Settings
from blackstart.toxics.types import TYPES

if TYPE_CHECKING:
    from tests.toxics.conftest import ManualClock

    from blackstart.toxics.loop import Loop


class Notes:
    """Listeners that write down what they are told. Addresses in `taken` cannot be listened on."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.taken: set[str] = set()

    def __call__(self, proxy: Proxy) -> _Noting:
        return _Noting(self)


class _Noting:
    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._listen = ""

    def start(self, listen: str) -> str:
        if listen in self._notes.taken:
            raise OSError(errno.EADDRINUSE, "Address already in use")
        self._listen = listen
        self._notes.taken.add(listen)
        self._tell(f"start {listen}")
        return listen

    def stop(self) -> None:
        self._notes.taken.discard(self._listen)
        self._tell(f"stop {self._listen}")

    def drop(self) -> None:
        self._tell("drop")

    def toxic_added(self, toxic: Toxic) -> None:
        self._tell(f"added {toxic.name}")

    def toxic_changed(self, toxic: Toxic, *, rolled: bool) -> None:
        self._tell(f"changed {toxic.name} {rolled}")

    def toxic_removed(self, toxic: Toxic) -> None:
        self._tell(f"removed {toxic.name}")

    def _tell(self, what: str) -> None:
        self._notes.told.append(what)


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def proxy(loop: Loop, notes: Notes) -> Proxy:
    return Proxy(Settings(loop, "s"), "one", "a:1", "b:2", listener=notes)


def toxic(**more: Any) -> Toxic:
    return read_toxic({"type": "noop", **more}, "tcp", TYPES)


def test_up_and_down_are_done_once(proxy: Proxy, notes: Notes) -> None:
    proxy.start()
    proxy.start()
    assert proxy.enabled
    proxy.stop()
    proxy.stop()
    assert not proxy.enabled
    assert notes.told == ["start a:1", "stop a:1"]


def test_an_address_in_use_is_refused_in_toxiproxys_words(proxy: Proxy, notes: Notes) -> None:
    notes.taken.add("a:1")
    with pytest.raises(ProxyRefused) as caught:
        proxy.start()
    assert caught.value.status == 500
    assert caught.value.message == "listen tcp a:1: address already in use"
    assert not proxy.enabled


def test_toxics_are_told_to_the_listener_and_listed_upstream_first(proxy: Proxy, notes: Notes) -> None:
    proxy.start()
    down, up = toxic(name="d"), toxic(name="u", stream="upstream")
    proxy.add(down)
    proxy.add(up)
    proxy.change(down, read_change({"toxicity": 0.5}, down))
    assert [one["name"] for one in proxy.to_json()["toxics"]] == ["u", "d"]
    proxy.clear()
    assert notes.told[1:] == ["added d", "added u", "changed d True", "removed d", "removed u"]


def test_a_name_is_used_once(proxy: Proxy) -> None:
    proxy.add(toxic(name="x"))
    with pytest.raises(ProxyRefused, match="toxic already exists"):
        proxy.add(toxic(name="x", stream="upstream"))


def test_toxics_for_a_client_are_in_the_order_of_creation(proxy: Proxy) -> None:
    for name, clients in (("all", []), ("his", ["127.0.1.11"]), ("hers", ["127.0.1.12"])):
        proxy.add(toxic(name=name, clients=clients))
    assert [one.name for one in proxy.toxics_for("127.0.1.11", "downstream")] == ["all", "his"]
    assert list(proxy.toxics_for("127.0.1.11", "upstream")) == []


def test_a_toxic_ends_by_itself(proxy: Proxy, loop: Loop, clock: ManualClock) -> None:
    proxy.add(toxic(ttl_ms=1_000))
    clock.move_to(999)
    loop.run_due()
    assert len(proxy.toxics) == 1
    clock.move_to(1_000)
    loop.run_due()
    assert proxy.toxics == []


@pytest.mark.parametrize(
    ("document", "ends"), [({}, 1_500), ({"ttl_ms": 200}, 700), ({"toxicity": 0.5}, 1_500)]
)
def test_any_update_begins_its_time_anew(
    proxy: Proxy, loop: Loop, clock: ManualClock, document: dict[str, Any], ends: int
) -> None:
    one = toxic(ttl_ms=1_000)
    proxy.add(one)
    clock.move_to(500)
    proxy.change(one, read_change(document, one))
    clock.move_to(ends - 1)
    loop.run_due()
    assert proxy.toxics == [one]
    clock.move_to(ends)
    loop.run_due()
    assert proxy.toxics == []


def test_a_time_of_0_is_for_ever(proxy: Proxy, loop: Loop, clock: ManualClock) -> None:
    one = toxic(ttl_ms=1_000)
    proxy.add(one)
    proxy.change(one, read_change({"ttl_ms": 0}, one))
    assert loop.next_due() is None


def test_removed_by_hand_it_leaves_no_timer(proxy: Proxy, loop: Loop) -> None:
    one = toxic(ttl_ms=1_000)
    proxy.add(one)
    proxy.remove(one)
    assert loop.next_due() is None


def test_down_for_a_time(proxy: Proxy, loop: Loop, clock: ManualClock) -> None:
    proxy.start()
    proxy.stop()
    proxy.down_for(1_000)
    assert proxy.to_json()["ttl_ms"] == 1_000
    clock.move_to(999)
    loop.run_due()
    assert not proxy.enabled
    clock.move_to(1_000)
    loop.run_due()
    assert proxy.enabled
    assert "ttl_ms" not in proxy.to_json()


def test_it_tries_again_when_its_address_is_taken_at_the_end_of_its_time(
    proxy: Proxy, notes: Notes, loop: Loop, clock: ManualClock
) -> None:
    proxy.down_for(1_000)
    notes.taken.add("a:1")
    clock.move_to(1_000)
    loop.run_due()
    assert not proxy.enabled
    notes.taken.clear()
    clock.move_to(1_500)
    loop.run_due()
    assert proxy.enabled
    assert loop.next_due() is None


def test_up_by_hand_before_its_time(proxy: Proxy, loop: Loop) -> None:
    proxy.down_for(1_000)
    proxy.start()
    assert loop.next_due() is None


def test_another_upstream_drops_connections_and_keeps_listening(proxy: Proxy, notes: Notes) -> None:
    proxy.start()
    proxy.move("a:1", "c:3")
    assert proxy.upstream == "c:3"
    assert notes.told == ["start a:1", "drop"]


def test_another_address_is_there_before_the_old_one_goes(proxy: Proxy, notes: Notes) -> None:
    proxy.start()
    proxy.move("a:9", "b:2")
    assert notes.told == ["start a:1", "start a:9", "stop a:1"]


def test_an_address_that_is_taken_leaves_it_where_it_was(proxy: Proxy, notes: Notes) -> None:
    proxy.start()
    notes.taken.add("a:9")
    with pytest.raises(ProxyRefused):
        proxy.move("a:9", "c:3")
    assert (proxy.listen, proxy.upstream, proxy.enabled) == ("a:1", "b:2", True)
    assert notes.told[-1] == "start a:1"


def test_down_it_moves_without_listening(proxy: Proxy, notes: Notes) -> None:
    proxy.move("a:9", "c:3")
    assert (proxy.listen, proxy.upstream) == ("a:9", "c:3")
    assert notes.told == []


def test_chance_is_the_same_for_the_same_seed_proxy_and_parts(proxy: Proxy, loop: Loop, notes: Notes) -> None:
    def draw(of: Proxy, *parts: object) -> float:
        return of.random(*parts).random()

    twin = Proxy(Settings(loop, "s"), "one", "", "", listener=notes)
    other = Proxy(Settings(loop, "t"), "one", "", "", listener=notes)
    assert draw(proxy, 1, "x") == draw(twin, 1, "x")
    assert len({draw(proxy, 1, "x"), draw(proxy, 2, "x"), draw(proxy, 1, "y"), draw(other, 1, "x")}) == 4


def test_closed_for_good_it_leaves_no_timer(proxy: Proxy, loop: Loop) -> None:
    proxy.start()
    proxy.add(toxic(ttl_ms=1_000))
    proxy.close()
    assert loop.next_due() is None


def test_its_json_has_no_extension_that_is_not_used(proxy: Proxy) -> None:
    assert proxy.to_json() == {
        "name": "one",
        "listen": "a:1",
        "upstream": "b:2",
        "enabled": False,
        "toxics": [],
    }
    proxy.protocol = "udp"
    assert proxy.to_json()["protocol"] == "udp"

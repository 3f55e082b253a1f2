"""Two proxies in a row as one: which of them has what, and what is left when one is gone.

What the faults do through them is in tests/faults/network/test_links.py.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from blackstart.toxics.errors import ProxyRefused
from blackstart.toxics.links import BEHIND, Links
from blackstart.toxics.toxiproxy import Toxiproxy
from blackstart.toxics.types import TYPES

if TYPE_CHECKING:
    from tests.toxics.conftest import Program, Programs

DEAD = "127.0.0.1:1"

VALUES: dict[str, dict[str, int]] = {"bandwidth": {"rate": 5}, "slicer": {"average_size": 5}}


@dataclass
class Pair:
    """`web` over TCP is in both, `names` over UDP in the front alone."""

    front: Program
    back: Program
    links: Links

    def toxics(self, name: str) -> tuple[list[str], list[str]]:
        """The names of the front's toxics and of the back's."""
        front, back = (
            [toxic["name"] for toxic in each.client.toxics(name)] for each in (self.front, self.back)
        )
        return front, back


@pytest.fixture
def pair(programs: Programs) -> Pair:
    front, back = programs(), programs()
    behind = back.client.create("web", "127.0.0.1:0", DEAD)
    front.client.create("web", "127.0.0.1:0", behind["listen"], "http")
    front.client.create("names", "127.0.0.1:0", DEAD, "udp")
    clients = (Toxiproxy("127.0.0.1", each.port, timeout=5.0) for each in (front, back))
    return Pair(front, back, Links(*clients))


def test_they_are_shown_as_the_front_shows_them_with_the_toxics_of_both(pair: Pair) -> None:
    pair.front.client.add("web", "noop", name="front's")
    pair.back.client.add("web", "noop", name="back's")
    shown, front = pair.links.proxies(), pair.front.client.proxies()
    assert list(shown) == ["web", "names"]
    assert {**shown["web"], "toxics": []} == {**front["web"], "toxics": []}
    assert [toxic["name"] for toxic in pair.links.toxics("web")] == ["front's", "back's"]
    assert shown["names"] == front["names"]


@pytest.mark.parametrize("type", sorted(name for name, kind in TYPES.items() if "tcp" in kind.protocols))
def test_toxics_of_all_clients_go_behind_as_far_as_a_toxiproxy_has_them(pair: Pair, type: str) -> None:
    pair.links.add("web", type, name="it", attributes=VALUES.get(type))
    assert pair.toxics("web") == (([], ["it"]) if type in BEHIND else (["it"], []))


@pytest.mark.parametrize("more", [{"clients": ["127.0.1.11"]}, {"ttl_ms": 60_000}, {"toxicity": 0.5}])
def test_what_a_toxiproxy_cannot_stays_in_front(pair: Pair, more: dict[str, Any]) -> None:
    made = pair.links.add("web", "latency", **more)
    assert more.items() <= made.items()
    assert pair.toxics("web") == (["latency_downstream"], [])


def test_what_is_of_http_or_datagrams_stays_in_front(pair: Pair) -> None:
    pair.links.add("web", "http_status", name="it")
    assert pair.toxics("web") == (["it"], [])
    pair.links.add("names", "drop", name="it")
    assert [toxic["name"] for toxic in pair.links.toxics("names")] == ["it"]
    with pytest.raises(ProxyRefused, match="latency is none of a udp proxy"):
        pair.links.add("names", "latency")


def test_a_name_is_there_once_wherever_it_is(pair: Pair) -> None:
    pair.links.add("web", "latency")
    with pytest.raises(ProxyRefused, match="toxic already exists"):
        pair.links.add("web", "latency", clients=["127.0.1.11"])
    with pytest.raises(ProxyRefused, match="proxy not found"):
        pair.links.add("nowhere", "latency")


@pytest.mark.parametrize("clients", [[], ["127.0.1.11"]])
def test_an_update_and_a_removal_find_it(pair: Pair, clients: list[str]) -> None:
    pair.links.add("web", "latency", name="it", clients=clients)
    assert pair.links.update("web", "it", attributes={"latency": 7})["attributes"]["latency"] == 7
    pair.links.remove("web", "it")
    pair.links.remove("web", "it")
    pair.links.remove("nowhere", "it")
    assert pair.toxics("web") == ([], [])


@pytest.mark.parametrize("name", ["web", "names"])
def test_a_link_goes_down_in_front_and_comes_up_in_both(pair: Pair, name: str) -> None:
    host, _, port = pair.links.proxy("web")["listen"].rpartition(":")
    pair.links.disable(name)
    assert not pair.links.proxy(name)["enabled"]
    if name == "web":
        assert pair.back.client.proxy("web")["enabled"]
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((host, int(port)), timeout=5)
    pair.links.enable(name)
    assert pair.links.proxy(name)["enabled"]


def test_a_link_that_somebody_took_down_behind_is_down(pair: Pair) -> None:
    pair.back.client.disable("web")
    assert not pair.links.proxy("web")["enabled"]
    pair.links.enable("web")
    assert pair.links.proxy("web")["enabled"]


def test_a_back_that_is_gone_took_its_toxics_with_it(pair: Pair) -> None:
    pair.links.add("web", "latency", name="behind")
    pair.links.add("web", "noop", name="in front")
    pair.back.close()
    assert [toxic["name"] for toxic in pair.links.toxics("web")] == ["in front"]
    pair.links.remove("web", "behind")
    pair.links.remove("web", "in front")
    assert pair.links.toxics("web") == []
    with pytest.raises(ConnectionRefusedError):
        pair.links.add("web", "latency")


def test_what_is_left_behind_a_front_that_is_gone_is_seen_and_taken_away(pair: Pair) -> None:
    """A front that starts again has its links again, and they would lead to it."""
    pair.links.add("web", "latency", name="it")
    pair.front.close()
    assert [toxic["name"] for toxic in pair.links.toxics("web")] == ["it"]
    pair.links.remove("web", "it")
    assert pair.back.client.toxics("web") == []


def test_both_gone_is_nobody_there(pair: Pair) -> None:
    pair.front.close()
    pair.back.close()
    with pytest.raises(
        ConnectionRefusedError, match=r"nobody answers at 127\.0\.0\.1:[0-9]+ and 127\.0\.0\.1:[0-9]+"
    ):
        pair.links.proxies()
    pair.links.remove("web", "it")


def everywhere(port: int) -> list[tuple[str, str]]:
    return [(listen, f"0.0.0.0:{port}") for listen in (f"[::]:{port}", f"0.0.0.0:{port}", f":{port}")]


@pytest.mark.parametrize(("listen", "spelled"), [*everywhere(8200), ("127.0.0.1:8200", "127.0.0.1:8200")])
def test_every_interface_has_one_spelling(listen: str, spelled: str) -> None:
    """A link is known by where it listens, and a Toxiproxy says it otherwise than ours."""

    class One(Toxiproxy):
        def proxies(self) -> dict[str, dict[str, Any]]:
            return {"web": {"name": "web", "listen": listen, "enabled": True, "toxics": []}}

    assert Links(One(), One()).proxies()["web"]["listen"] == spelled


@pytest.mark.parametrize("silent", ["front", "back"])
def test_one_that_hangs_keeps_the_other_from_no_healing(pair: Pair, silent: str) -> None:
    other = pair.back if silent == "front" else pair.front
    other.client.add("web", "noop", name="it")
    other.client.disable("web")
    with socket.create_server(("127.0.0.1", 0)) as hung:
        setattr(pair.links, silent, Toxiproxy("127.0.0.1", hung.getsockname()[1], timeout=0.01))
        with pytest.raises(TimeoutError):
            pair.links.remove("web", "it")
        with pytest.raises(TimeoutError):
            pair.links.enable("web")
    whole = other.client.proxy("web")
    assert (whole["toxics"], whole["enabled"]) == ([], True)

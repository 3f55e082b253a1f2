"""One component with its proxy: what a busy machine does not lose. The rest is tried on real containers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import pytest
from tests.replica.foreign.conftest import image_ports, shop

from blackstart.errors import ReplicaError
from blackstart.replica.containers.found import Container
from blackstart.replica.foreign.judge import judge
from blackstart.replica.foreign.member import Member, slow
from blackstart.replica.foreign.override import Places
from blackstart.toxics.errors import ProxyRefused

if TYPE_CHECKING:
    from pathlib import Path

    from blackstart.replica.containers.engine import Engine


DB = "10.0.0.2"


class Late:
    """A Toxiproxy that takes its time to answer; it dials DB."""

    def __init__(self, refusals: int, error: Exception | None = None) -> None:
        self.refusals = refusals
        self.error = error or ConnectionResetError()
        self.added: list[str] = []

    def proxies(self) -> Mapping[str, Any]:
        if self.refusals:
            raise self.error
        return {"db": {"upstream": f"{DB}:5432"}}

    def add(self, proxy: str, type: str, *, name: str, **how: Any) -> None:
        if self.refusals:
            self.refusals -= 1
            raise self.error
        self.added.append(f"{proxy}: {name} ({type})")


@pytest.fixture
def member(tmp_path: Path) -> Member:
    """A database whose network is slow."""
    judgement = judge(shop(), image_ports)
    places = Places.choose(judgement, list(range(1, 20)))
    made = Member(judgement.component("db"), places, cast("Engine", None), "d", "p", tmp_path, 0.0)
    assert made.beside is not None
    made.beside.note(lambda wanted: wanted["toxics"].update(db={"slow": {"type": "latency", "how": {}}}))
    return made


@pytest.mark.parametrize(
    "error", [ConnectionResetError(), ProxyRefused(404, "proxy not found")], ids=["silent", "refuses"]
)
@pytest.mark.parametrize(("runs", "added"), [(True, ["db: slow (latency)"]), (False, [])])
def test_what_is_wanted_of_a_proxy_is_put_back_as_soon_as_it_takes_it(
    member: Member, monkeypatch: pytest.MonkeyPatch, error: Exception, runs: bool, added: list[str]
) -> None:
    """One that was just started again by somebody else knows no proxies for a moment, and says so."""
    late = Late(2, error)
    monkeypatch.setattr(member.beside, "client", late)
    monkeypatch.setattr(member.proxy, "running", lambda: runs)
    member.restore()
    assert late.added == added


# --- where its proxy leads ------------------------------------------------------------------------


def container(second: int, *addresses: str, runs: bool = True) -> Container:
    """It was started in that second."""
    state = {"Running": runs, "StartedAt": f"2026-11-21T10:00:{second:02}.5Z"}
    networks = {f"n{number}": {"IPAddress": each} for number, each in enumerate(addresses)}
    return Container("c1", {"State": state, "NetworkSettings": {"Networks": networks}})


def stands(
    member: Member,
    monkeypatch: pytest.MonkeyPatch,
    *addresses: str,
    refusals: int = 0,
    began: int = 1,
) -> Late:
    """It is on networks with these addresses; its proxy dials DB, once it has refused so often."""
    late = Late(refusals)
    monkeypatch.setattr(member.beside, "client", late)
    monkeypatch.setattr(member.server, "_find", lambda: container(began, *addresses))
    monkeypatch.setattr(member.proxy, "_find", lambda: container(2))
    monkeypatch.setattr(member._redirect, "_find", lambda: container(3, runs=False))
    return late


@pytest.mark.parametrize(
    ("addresses", "how", "led"),
    [
        ([DB], {}, True),
        (["10.1.0.7", DB], {}, True),
        (["10.0.0.3"], {}, False),
        ([], {}, False),
        ([DB], {"refusals": 1}, False),
        ([DB], {"began": 4}, False),
    ],
)
def test_connections_arrive_when_its_proxy_is_there_and_dials_an_address_that_it_has(
    member: Member, monkeypatch: pytest.MonkeyPatch, addresses: list[str], how: dict[str, int], led: bool
) -> None:
    stands(member, monkeypatch, *addresses, **how)
    assert member.led_to() == member.server.led_to() == led


@pytest.mark.parametrize(
    ("addresses", "added"), [([DB], []), ([], []), (["10.0.0.3"], ["db: slow (latency)"])]
)
def test_one_with_another_address_has_a_new_proxy_with_what_was_wanted_of_the_old(
    member: Member, monkeypatch: pytest.MonkeyPatch, addresses: list[str], added: list[str]
) -> None:
    late, renewed = stands(member, monkeypatch, *addresses), []
    monkeypatch.setattr(member, "_renew", lambda: renewed.append("db"))
    member.lead()
    assert (bool(renewed), late.added) == (bool(added), added)


@pytest.mark.parametrize(
    ("runs", "hint"),
    [
        (True, "it had 0s; a plan can give it more: `docker: {up_within: 5m}`; see its log"),
        (False, "see its log"),  # time is not what it lacked
    ],
)
def test_one_that_only_needs_more_time_is_told_how_to_have_it(
    member: Member, monkeypatch: pytest.MonkeyPatch, runs: bool, hint: str
) -> None:
    monkeypatch.setattr(member.server, "running", lambda: runs)
    monkeypatch.setattr(member, "_serves", lambda: False)
    monkeypatch.setattr(member.server, "failed", lambda what: ReplicaError(f"db {what}", hint="see its log"))
    with pytest.raises(ReplicaError, match=r"^db did not come into service$") as caught:
        member.await_service()
    assert caught.value.hint == hint


def test_more_is_more_than_it_had() -> None:
    assert slow(90.0) == "it had 1m30s; a plan can give it more: `docker: {up_within: 5m}`"
    assert slow(600.0) == "it had 10m; a plan can give it more: `docker: {up_within: 20m}`"

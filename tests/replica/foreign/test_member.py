"""One component with its proxy: what a busy machine does not lose. The rest is tried on real containers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest
from tests.replica.foreign.conftest import image_ports, shop

from blackstart.errors import ReplicaError
from blackstart.replica.foreign.judge import judge
from blackstart.replica.foreign.member import Member, slow
from blackstart.replica.foreign.override import Places

if TYPE_CHECKING:
    from pathlib import Path

    from blackstart.replica.containers.engine import Engine


class Late:
    """A Toxiproxy that takes its time to answer."""

    def __init__(self, refusals: int) -> None:
        self.refusals = refusals
        self.added: list[str] = []

    def add(self, proxy: str, type: str, *, name: str, **how: Any) -> None:
        if self.refusals:
            self.refusals -= 1
            raise ConnectionResetError
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


@pytest.mark.parametrize(("runs", "added"), [(True, ["db: slow (latency)"]), (False, [])])
def test_what_is_wanted_of_a_proxy_is_put_back_as_soon_as_it_answers(
    member: Member, monkeypatch: pytest.MonkeyPatch, runs: bool, added: list[str]
) -> None:
    late = Late(2)
    monkeypatch.setattr(member.beside, "client", late)
    monkeypatch.setattr(member.proxy, "running", lambda: runs)
    member.restore()
    assert late.added == added


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

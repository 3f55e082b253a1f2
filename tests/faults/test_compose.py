"""Several faults as one: in order, all or none, healed in reverse whatever one of them raises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest

from blackstart.errors import ReplicaError
from blackstart.faults import compose
from blackstart.faults.base import Move
from blackstart.faults.compose import Compose
from blackstart.testing import FakeReplica, IdleFault

if TYPE_CHECKING:
    from blackstart.faults.base import Undo
    from blackstart.replica.base import Replica

CALLS: list[str] = []


class Part(IdleFault):
    replicas: ClassVar[tuple[str, ...]] = ("fake",)
    fails: str = ""

    def prepare(self, replica: Replica, target: str) -> Undo:
        return {"of": target}

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        CALLS.append(f"inject {undo['of']}")
        if self.fails == "inject":
            raise ReplicaError(f"{target} would not break")

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        CALLS.append(f"heal {undo['of']}")
        if self.fails == "heal":
            raise ReplicaError(f"{target} would not heal")


@pytest.fixture(autouse=True)
def parts(monkeypatch: pytest.MonkeyPatch) -> None:
    CALLS.clear()
    monkeypatch.setattr(compose, "load", {"part": Part}.__getitem__)


def whole(*fails: str) -> Compose:
    targets = ("vault", "dns", "registry")
    parts = [
        {"fault": "part", "target": t, "params": {"fails": f}} for t, f in zip(targets, fails, strict=True)
    ]
    return Compose.model_validate({"parts": parts})


def test_in_order_and_back_in_reverse(tmp_path: Path) -> None:
    replica, fault = FakeReplica(["vault", "dns", "registry"], tmp_path), whole("", "", "")
    undo = fault.prepare(replica, "vault")
    assert undo == {"undos": [{"of": "vault"}, {"of": "dns"}, {"of": "registry"}]}
    fault.inject(replica, "vault", undo)
    fault.heal(replica, "vault", undo)
    assert CALLS == [f"inject {t}" for t in ("vault", "dns", "registry")] + [
        f"heal {t}" for t in ("registry", "dns", "vault")
    ]


def test_never_half_injected(tmp_path: Path) -> None:
    replica, fault = FakeReplica(["vault", "dns", "registry"], tmp_path), whole("", "inject", "")
    with pytest.raises(ReplicaError, match="dns would not break"):
        fault.inject(replica, "vault", fault.prepare(replica, "vault"))
    assert CALLS == ["inject vault", "inject dns", "heal dns", "heal vault"]


def test_one_that_does_not_heal_keeps_no_other_from_it(tmp_path: Path) -> None:
    replica, fault = FakeReplica(["vault", "dns", "registry"], tmp_path), whole("heal", "", "heal")
    with pytest.raises(
        ReplicaError, match="registry: registry would not heal; part on vault: vault would not heal"
    ):
        fault.heal(replica, "vault", fault.prepare(replica, "vault"))
    assert CALLS == ["heal registry", "heal dns", "heal vault"]


class Brief(Part):
    """Ends by itself."""

    after: float = 60.0

    def moves(self, replica: Replica, target: str, undo: Undo) -> Sequence[Move]:
        return [Move(self.after, f"{target} is over", lambda: CALLS.append(f"end {target}"), ends=True)]


def brief(replica: Replica, *parts: Mapping[str, object]) -> Sequence[Move]:
    fault = Compose.model_validate({"parts": parts})
    return fault.moves(replica, "vault", fault.prepare(replica, "vault"))


def test_it_is_over_with_the_last_part_that_ends_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compose, "load", {"part": Part, "brief": Brief}.__getitem__)
    replica = FakeReplica(["vault", "dns", "registry"], tmp_path)
    first = {"fault": "brief", "target": "vault"}
    second = {"fault": "brief", "target": "dns", "params": {"after": 90.0}}
    moves = brief(replica, first, second)
    assert [(move.after_s, move.ends) for move in moves] == [(60.0, False), (90.0, True)]
    for move in moves:
        move.do()
    assert CALLS == ["heal vault", "end dns"], (
        "the engine heals the last, and knows that it was nobody's merit"
    )
    lasting = {"fault": "part", "target": "registry"}
    assert [move.ends for move in brief(replica, first, second, lasting)] == [False, False]


def test_it_holds_what_its_parts_hold() -> None:
    assert whole("", "", "").resources("vault") == {"vault", "dns", "registry"}

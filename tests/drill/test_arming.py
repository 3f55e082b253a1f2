"""From what a scenario writes to a fault that is ready: its parameters, its wrappers, the probe that proves it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from blackstart.check import load_scenario
from blackstart.drill.arming import Armed, arm
from blackstart.errors import UsageError
from blackstart.scenario import FaultSpec
from blackstart.testing import FakeReplica

PLATFORM = load_scenario(Path(__file__).parents[2] / "scenarios/vault/auth-503.yaml").platform
SPEC = {"id": "x", "fault": "process.kill", "target": "payments"}


def armed(seed: int = 1, **changes: Any) -> Armed:
    (one,) = arm([FaultSpec.model_validate(SPEC | changes)], PLATFORM, seed, "local")
    return one


def test_the_probe_is_the_scenarios_or_the_targets_own() -> None:
    assert armed().probe == "payments-serving"
    assert armed(turns_red="ship").probe == "ship"


def test_how_soon_is_the_scenarios_or_the_faults_own() -> None:
    assert armed().within_s == 5.0
    assert armed(within="9s").within_s == 9.0


def test_it_is_wrapped_as_the_story_asks(tmp_path: Path) -> None:
    replica = FakeReplica(["payments"], tmp_path)

    def moves(**changes: Any) -> list[float]:
        return [move.after_s for move in armed(**changes).fault.moves(replica, "payments", {})]

    assert moves() == []
    assert moves(lasts="5m") == [300.0]
    assert moves(repeat={"times": 2, "every": "5m", "lasting": "1m"}) == [60.0, 300.0, 360.0]


def test_what_grows_grows_in_a_drill_too(tmp_path: Path) -> None:
    slow = armed(fault="network.latency", ramp={"over": "6m", "steps": 4}, params={"latency": "4s"})
    moves = slow.fault.moves(FakeReplica(["payments"], tmp_path), "payments", {})
    assert [(move.after_s, move.name) for move in moves] == [
        (120.0, "step 2 of 4"),
        (240.0, "step 3 of 4"),
        (360.0, "step 4 of 4"),
    ]
    assert [slow.fault.grown(share).parameters()["latency"] for share in (0.25, 1)] == ["1s", "4s"]


def test_a_fault_of_parts_is_seen_by_a_probe_of_each() -> None:
    parts = [
        {"fault": "vault.seal", "target": "vault"},
        {"fault": "process.kill", "target": "dns"},
        {"fault": "process.kill", "target": "payments", "turns_red": "ship"},
    ]
    assert armed(fault="compose", params={"parts": parts}).probes == ("vault", "dns", "ship")


def test_how_often_it_is_injected() -> None:
    assert armed().turns == 1
    assert armed(repeat={"times": 3, "every": "5m", "lasting": "1m"}).turns == 3


def skipped_by(seed: int) -> str:
    maybe = FaultSpec.model_validate(SPEC | {"chance": 0.5})
    always = FaultSpec.model_validate(SPEC | {"id": "always"})
    return arm([maybe, always], PLATFORM, seed, "local")[0].skipped


def test_chance_is_the_seeds() -> None:
    skipped = [skipped_by(seed) for seed in range(20)]
    assert any(why.endswith("spares it (chance 0.5)") for why in skipped)
    assert not all(skipped)
    assert [skipped_by(seed) for seed in range(20)] == skipped


def test_a_seed_that_spares_everything_is_refused() -> None:
    spared = next(seed for seed in range(20) if skipped_by(seed))
    with pytest.raises(UsageError, match=f"the seed {spared} spares every fault"):
        armed(spared, chance=0.5)


def test_a_fault_that_the_replica_does_not_support_is_refused_before_anything_starts() -> None:
    spec = FaultSpec.model_validate(SPEC | {"fault": "process.cpu-hog"})
    with pytest.raises(
        UsageError, match=r"^process\.cpu-hog does not work on the replica compose$"
    ) as refused:
        arm([spec], PLATFORM, 1, "compose")
    assert refused.value.hint == "it does on local"


def test_a_part_that_the_replica_does_not_support_is_refused_too() -> None:
    parts = [{"fault": "process.kill", "target": "dns"}, {"fault": "container.disconnect", "target": "dns"}]
    with pytest.raises(UsageError, match=r"^container\.disconnect does not work on the replica local$"):
        armed(fault="compose", params={"parts": parts})

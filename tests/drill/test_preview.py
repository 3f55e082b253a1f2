"""The preview says what would be broken, who suffers, how it is undone; and leaves no trace."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from blackstart.cli.main import _register, app
from blackstart.clock import SystemTime
from blackstart.drill.planning import Asked, drills_of
from blackstart.drill.preview import preview
from blackstart.errors import MissingTool, UsageError
from blackstart.replica.containers.engine import Engine
from blackstart.replica.foreign.ahead import Ahead
from blackstart.replica.foreseen import Foreseen
from blackstart.scenario import FaultSpec

ROOT = Path(__file__).parents[2]
SCENARIO = ROOT / "scenarios/vault/auth-503.yaml"


def test_what_would_be_broken(tmp_path: Path) -> None:
    (options,) = drills_of(Asked(SCENARIO, tmp_path))
    seen = preview(options)
    (fault,) = seen.faults
    assert (fault.fault, fault.target, fault.at_s, fault.ends_s) == ("vault.seal", "vault", 0.0, None)
    (piece,) = fault.pieces
    assert piece.suffers == ["ship", "authenticate"]
    assert piece.turns_red == "vault"
    assert piece.undone == "unseals Vault with the key shares"
    assert json.dumps(seen.to_json())


def test_parts_turns_and_growth_are_told(tmp_path: Path) -> None:
    (options,) = drills_of(Asked(SCENARIO, tmp_path))
    faults = [
        {
            "id": "both",
            "fault": "compose",
            "target": "vault",
            "params": {
                "parts": [
                    {"fault": "vault.seal", "target": "vault"},
                    {"fault": "network.latency", "target": "registry", "params": {"latency": "4s"}},
                ]
            },
        },
        {
            "id": "again",
            "fault": "process.kill",
            "target": "search",
            "repeat": {"times": 3, "every": "5m", "lasting": "1m"},
        },
        {"id": "grows", "fault": "network.latency", "target": "orders", "ramp": {"over": "6m"}},
    ]
    scenario = options.bundle.scenario.model_copy(
        update={"faults": [FaultSpec.model_validate(fault) for fault in faults]}
    )
    both, again, grows = preview(replace(options, bundle=replace(options.bundle, scenario=scenario))).faults
    assert [(piece.fault, piece.target) for piece in both.pieces] == [
        ("vault.seal", "vault"),
        ("network.latency", "registry"),
    ]
    assert both.pieces[1].params["latency"] == "4s"
    assert both.pieces[1].suffers == ["ship"]
    assert again.goes_on == "3 times, every 5m, for 1m each"
    assert grows.goes_on == "grows in 4 steps over 6m"


FOREIGN = ROOT / "tests/integration/compose/foreign"


def ahead(**sidecars: tuple[str, ...]) -> Ahead:
    """The example's file, seen; these components with these sidecars."""
    components = {
        name: Foreseen(
            name,
            f"{name}-service",
            name,
            no_proxy="" if sidecars.get(name, ("proxy",)) else "it has no network",
            question="http",
        )
        for name in ("api", "cache", "db", "web")
    }
    return Ahead("shop.yml", components, ("web: it may write to /srv",), ())


def test_a_file_of_the_user_s_own_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blackstart.replica.foreign.ahead.look_ahead", lambda *what: ahead())
    (options,) = drills_of(
        Asked(FOREIGN / "scenarios/shop/slow-database.yaml", tmp_path, compose=FOREIGN / "docker-compose.yml")
    )
    seen = preview(options)
    assert [piece.service for fault in seen.faults for piece in fault.pieces] == ["db-service"]
    assert json.loads(json.dumps(seen.to_json()))["compose"]["lasting"] == ["web: it may write to /srv"]


def test_a_fault_of_the_network_where_no_proxy_can_stand_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blackstart.replica.foreign.ahead.look_ahead", lambda *what: ahead(db=()))
    (options,) = drills_of(
        Asked(FOREIGN / "scenarios/shop/slow-database.yaml", tmp_path, compose=FOREIGN / "docker-compose.yml")
    )
    with pytest.raises(UsageError, match=r"network\.latency cannot break db, .* it has no network"):
        preview(options)


def test_without_docker_it_is_refused_as_by_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    (options,) = drills_of(
        Asked(FOREIGN / "scenarios/shop/slow-database.yaml", tmp_path, compose=FOREIGN / "docker-compose.yml")
    )
    with pytest.raises(MissingTool) as refused:
        preview(options)
    with pytest.raises(MissingTool) as as_by_run:
        Engine.connect()
    assert refused.value.message == as_by_run.value.message


def test_it_touches_nothing(tmp_path: Path) -> None:
    if not app.registered_commands:
        _register()
    reports = tmp_path / "reports"
    done = CliRunner().invoke(app, ["run", str(SCENARIO), "--dry-run", "--reports-dir", str(reports)])
    assert done.exit_code == 0, done.output
    assert "at 0s until the drill ends  sealed: vault.seal on vault" in done.output
    assert "Nothing was touched." in done.output
    assert not reports.exists()


def test_what_a_plan_forbids_now_is_refused(tmp_path: Path) -> None:
    for part in ("scenarios", "drills"):
        (tmp_path / part).mkdir()
    for part in ("vault", "protocols", "runbooks", "crews", "platform.yaml"):
        (tmp_path / "scenarios" / part).symlink_to(ROOT / "scenarios" / part)
    plan = tmp_path / "drills" / "never.yaml"
    in_some_days = f"{SystemTime().now().wall + timedelta(days=3):%a}".lower()
    plan.write_text(
        f"kind: plan\ntitle: Not today\nlimits: {{hours: {{days: [{in_some_days}], "
        "begin: '00:00', end: '00:01', zone: UTC}}\ndrills: [{scenario: vault/auth-503}]\n"
    )
    with pytest.raises(UsageError, match=f"the plan's drills begin {in_some_days} from"):
        drills_of(Asked(plan, tmp_path, tmp_path))

"""Rules over several files, and where fault types come from. What `check` makes of them is in test_check."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path
from typing import ClassVar

import pytest

from blackstart.crosscheck import flaws
from blackstart.faultcheck import installed_faults
from blackstart.testing import IdleFault
from blackstart.workspace import Workspace

ROOT = Path(__file__).parents[1]


def test_the_faults_of_the_catalogue_are_installed() -> None:
    assert {"vault.seal", "process.stop", "process.kill"} <= set(installed_faults())


@pytest.mark.parametrize("name", ["vault.seal", "process.stop", "process.kill"])
def test_an_installed_fault_is_what_it_is_called(name: str) -> None:
    point = installed_faults()[name]
    assert isinstance(point, EntryPoint)
    fault = point.load()
    assert fault.name == name
    assert fault.kinds


class Zone(IdleFault):
    kinds: ClassVar[tuple[str, ...]] = ("zone",)


def _told(root: Path, fault: str, target: str) -> list[str]:
    text = (ROOT / "scenarios/vault/auth-503.yaml").read_text()
    path = root / "scenarios" / "vault" / "x.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text.replace("vault.seal", fault).replace("target: vault", f"target: {target}"))
    workspace = Workspace(root)
    return [
        flaw.what for flaw in flaws(workspace.read(path), workspace, {"any": IdleFault, "zone.lose": Zone})
    ]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    scenarios = tmp_path / "scenarios"
    scenarios.mkdir()
    for name in ("protocols", "runbooks"):
        (scenarios / name).symlink_to(ROOT / "scenarios" / name)
    text = (ROOT / "scenarios/platform.yaml").read_text()
    (scenarios / "platform.yaml").write_text(text.replace("  dns:\n", "  dns:\n    kind: zone\n"))
    return tmp_path


def test_a_fault_breaks_what_is_of_its_kind(root: Path) -> None:
    assert _told(root, "any", "registry") == []
    assert _told(root, "any", "search") == []
    assert _told(root, "zone.lose", "dns") == []
    assert _told(root, "zone.lose", "vault") == ["zone.lose cannot break vault, which is of the kind vault"]
    assert _told(root, "zone.lose", "search") == [
        "zone.lose cannot break search, which is of the kind workload"
    ]


def test_a_file_that_could_not_be_read_has_no_more_to_tell(root: Path) -> None:
    path = root / "scenarios" / "x.yaml"
    path.write_text("kind: nothing")
    workspace = Workspace(root)
    assert list(flaws(workspace.read(path), workspace, {})) == []


class Boxed(IdleFault):
    name: ClassVar[str] = "box.open"
    replicas: ClassVar[tuple[str, ...]] = ("compose",)


@pytest.mark.parametrize(
    ("replica", "told"),
    [
        ("compose", []),
        (
            "local",
            ["box.open on vault (its fault sealed) does not work on the replica local; it does on compose"],
        ),
    ],
)
def test_a_plan_names_a_replica_that_supports_its_faults(root: Path, replica: str, told: list[str]) -> None:
    _told(root, "box.open", "vault")
    (root / "drills").mkdir()
    plan = root / "drills" / "boxes.yaml"
    plan.write_text(f"kind: plan\ntitle: Boxes\nreplica: {replica}\ndrills: [{{scenario: vault/x}}]\n")
    (root / "scenarios" / "crews").symlink_to(ROOT / "scenarios" / "crews")
    workspace = Workspace(root)
    assert [flaw.what for flaw in flaws(workspace.read(plan), workspace, {"box.open": Boxed})] == told

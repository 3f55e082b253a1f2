"""What is shipped keeps its promises: the guide's example, the brief, the notes' thresholds, the READMEs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from blackstart.check import check
from blackstart.platform import Platform
from blackstart.protocol import Protocol
from blackstart.runbook import load as load_runbook
from blackstart.scenario import Scenario
from blackstart.source import load
from blackstart.yamltree import parse

ROOT = Path(__file__).parents[1]
SCENARIOS = sorted(
    path for path in ROOT.glob("scenarios/*/*.yaml") if path.parent.name not in ("crews", "protocols")
)
PLAYBOOK = ROOT / "scenarios/protocols/playbook.yaml"
HEAD = (
    "scenario (a story) → plan (this story, these people, this day) → drill (a run) → record (events) "
    "→ review (judgement) → report (what to fix)"
)


def test_the_guide_s_smallest_scenario_is_sound(tmp_path: Path) -> None:
    guide = (ROOT / "docs/writing-a-scenario.md").read_text()
    blocks = re.findall(r"^```yaml\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    path = tmp_path / "gone.yaml"
    path.write_text(blocks[0])
    assert [str(problem) for problem in check([path], root=ROOT).problems] == []


def test_every_part_in_the_guide_is_sound(tmp_path: Path) -> None:
    """The later examples, put into the shipped scenario in place of its own parts."""
    guide = (ROOT / "docs/writing-a-scenario.md").read_text()
    blocks = re.findall(r"^```yaml\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    smallest = {"kind", "title", "story", "brief", "protocol", "runbook", "blocks"}
    head = "".join(line for line in blocks[0].splitlines(keepends=True) if line.split(":")[0] in smallest)
    path = tmp_path / "whole.yaml"
    path.write_text(head + "".join(blocks[1:]))
    assert [str(problem) for problem in check([path], root=ROOT).problems] == []


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_a_brief_gives_nothing_away(path: Path) -> None:
    scenario = load(Scenario, path).model
    brief = scenario.brief.lower()
    for fault in scenario.faults:
        for word in (fault.target, *fault.fault.split(".")):
            assert not re.search(rf"\b{re.escape(word)}", brief), word


def test_the_runbook_looks_before_it_acts() -> None:
    runbook, _ = load_runbook(ROOT / "scenarios/runbooks/vault-sealed.md")
    assert [step.id for step in runbook.section("diagnosis")] == [
        "check-seal",
        "check-discovery",
        "check-workloads",
    ]
    assert [step.id for step in runbook.section("fix")] == ["unseal"]
    assert {step.section for step in runbook.steps if any(command.mutating for command in step.commands)} == {
        "fix",
        "verification",
    }
    assert runbook.section("diagnosis")[0].commands[0].exit_codes == (0, 2)


def test_the_playbook_writes_every_rule_out() -> None:
    """Nothing is left to a default that a reader of the file would not see."""
    node, _ = parse(PLAYBOOK.read_text(), "playbook.yaml")
    assert node is not None
    protocol = load(Protocol, PLAYBOOK).model
    written: dict[str, Any] = node.value
    for name in type(protocol).model_fields:
        assert name in written
        part = getattr(protocol, name)
        inner = getattr(type(part), "model_fields", {})
        assert set(written[name] if inner else {}) == set(inner), name


def test_the_playbook_has_the_notes_thresholds() -> None:
    rules = load(Protocol, PLAYBOOK).model
    defaults = Protocol(kind="protocol", title=rules.title, roles=rules.roles, claims=rules.claims)
    assert rules == defaults
    assert rules.roles.model_copy(update={"claims": {}}) == type(rules.roles)()


def test_the_map_knows_who_is_hit_when_vault_is() -> None:
    platform = load(Platform, ROOT / "scenarios/platform.yaml").model
    hit = {name for name, node in platform.nodes().items() if "vault" in node.needs}
    assert hit == {"ship", "authenticate"}
    assert set(platform.teams) == {"payments", "orders", "search"}
    assert all(node.probes for node in platform.nodes().values())
    assert all(component.owner for component in platform.components.values())
    assert platform.tools == {"vault": "bao"}


@pytest.mark.parametrize("folder", ["scenarios", "drills"])
def test_a_readme_is_headed_by_the_same_line(folder: str) -> None:
    assert (ROOT / folder / "README.md").read_text().splitlines()[2] == HEAD

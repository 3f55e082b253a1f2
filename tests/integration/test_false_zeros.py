"""Ways in which a chaos tool reports success, or leaves a fault, when it must not: each run here for real.

The faults come from a package of their own, found by its entry points as anybody's would be.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from blackstart import watchdog
from blackstart.drill.folder import label_of
from blackstart.faults.ledger import Ledger
from blackstart.record.reader import read
from blackstart.record.verify import verify

from .conftest import CREW_OF_NOBODY, PROGRAM, ROOT

if TYPE_CHECKING:
    from blackstart.events import Event

pytestmark = [pytest.mark.replica, pytest.mark.timeout(300)]

PACKAGE = '''\
from typing import ClassVar

from blackstart.faults.vault.seal import VaultSeal
from blackstart.replica.asking import AskingProbe, Refused


class InjectRaises(VaultSeal):
    name = "bad.inject-raises"

    def inject(self, replica, target, undo):
        super().inject(replica, target, undo)
        raise RuntimeError("half of it was done")


class HealRaises(VaultSeal):
    name = "bad.heal-raises"

    def heal(self, replica, target, undo):
        raise RuntimeError("no such key")


class NeverHeals(VaultSeal):
    name = "bad.never-heals"

    def heal(self, replica, target, undo):
        pass


class _Eye:
    """A probe whose answer hangs on whether the fault is there."""

    of, timeout_s = "component", 2.0

    def __init__(self, fault, replica, target):
        self.name, self.subject = "eye", target
        self._ask = lambda: fault.gone(replica, target, fault.prepare(replica, target))

    def read(self):
        from blackstart.replica.base import Reading

        if ProbeDies.healed:
            raise RuntimeError("the probe broke")
        gone = self._ask()
        return Reading("green" if gone else "red", "" if gone else "sealed")


class ProbeDies(VaultSeal):
    name = "bad.probe-dies"
    turns_red = "eye"
    healed: ClassVar[bool] = False

    def heal(self, replica, target, undo):
        super().heal(replica, target, undo)
        ProbeDies.healed = True

    def probe(self, replica, target):
        return _Eye(self, replica, target)


class NeverSteady(VaultSeal):
    name = "bad.never-steady"
    turns_red = "eye"

    def probe(self, replica, target):
        def no(timeout_s):
            raise Refused("out of tolerance")

        return AskingProbe("eye", "component", target, no)


class OnlyOnce(VaultSeal):
    name = "bad.only-once"
    injected: ClassVar[bool] = False

    def inject(self, replica, target, undo):
        if not OnlyOnce.injected:
            super().inject(replica, target, undo)
        OnlyOnce.injected = True


class NoEffect(VaultSeal):
    name = "bad.no-effect"
    within_s = 0.5

    def inject(self, replica, target, undo):
        pass
'''

ENTRY_POINTS = """\
[blackstart.faults]
bad.inject-raises = badfaults:InjectRaises
bad.heal-raises = badfaults:HealRaises
bad.never-heals = badfaults:NeverHeals
bad.probe-dies = badfaults:ProbeDies
bad.never-steady = badfaults:NeverSteady
bad.no-effect = badfaults:NoEffect
bad.only-once = badfaults:OnlyOnce
"""


NOBODY = "nobody.yaml"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package of faults, as it would be installed."""
    folder = tmp_path_factory.mktemp("package")
    (folder / "badfaults.py").write_text(PACKAGE)
    about = folder / "badfaults-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: badfaults\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(ENTRY_POINTS)
    return folder


class Run:
    """One drill that was run, and what it left."""

    def __init__(self, root: Path, package: Path, story: dict[str, str], crew: str) -> None:
        text = (ROOT / "scenarios/vault/auth-503.yaml").read_text()
        for before, after in story.items():
            assert before in text
            text = text.replace(before, after)
        for name in ("protocols", "runbooks", "crews", "platform.yaml"):
            (root / "scenarios").mkdir(exist_ok=True)
            (root / "scenarios" / name).symlink_to(ROOT / "scenarios" / name)
        (root / "scenarios" / "vault").mkdir()
        scenario = root / "scenarios" / "vault" / "story.yaml"
        scenario.write_text(text)
        (root / NOBODY).write_text(CREW_OF_NOBODY)
        chosen = root / NOBODY if crew == NOBODY else crew
        words: list[str | Path] = [
            PROGRAM,
            "run",
            scenario,
            "--crew",
            chosen,
            "--reports-dir",
            root / "reports",
            "--json",
        ]
        done = subprocess.run(
            words,
            env=os.environ | {"PYTHONPATH": str(package)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
        self.exit_code, self.said = done.returncode, done.stderr
        self.facts: dict[str, Any] = json.loads(done.stdout)["drills"][0]
        self.folder = Path(self.facts["folder"])
        self.events: list[Event] = read(self.folder)

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]

    def left_nothing(self) -> bool:
        """No process, no data, a record that verifies."""
        gone = not watchdog.processes(label_of(self.folder)) and not (self.folder / "replica").exists()
        return gone and verify(self.folder).state == "ok"


@pytest.fixture
def run(tmp_path: Path, package: Path) -> Any:
    def drill(story: dict[str, str], crew: str = "by-the-book") -> Run:
        return Run(tmp_path, package, story, crew)

    return drill


def other(fault: str) -> dict[str, str]:
    return {"fault: vault.seal": f"fault: {fault}"}


OWN_PROBE = {"    turns_red: vault\n": ""}


def test_the_replica_out_of_tolerance_before_the_fault(run: Any) -> None:
    seen = run(other("bad.never-steady") | OWN_PROBE)
    assert seen.exit_code == 3, seen.said
    assert "fault.intended" not in seen.kinds(), "nothing is broken on a broken replica"
    assert seen.left_nothing()


def test_a_fault_that_raises_while_it_is_injected(run: Any) -> None:
    seen = run(other("bad.inject-raises"))
    assert seen.exit_code == 3, seen.said
    assert "could not be injected: half of it was done" in seen.said
    assert seen.kinds().count("fault.proven") == 1, "what was half done is undone, and proven"
    assert seen.left_nothing()


def test_a_fault_without_effect(run: Any) -> None:
    seen = run(other("bad.no-effect") | {"    within: 10s\n": ""})
    assert seen.exit_code == 3, seen.said
    assert seen.facts["outcome"] == "invalid"


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("bad.heal-raises", "undoing bad.heal-raises on vault failed: no such key"),
        ("bad.never-heals", "the probe vault is red after the undo"),
    ],
)
def test_an_undo_that_raises_or_does_nothing(run: Any, fault: str, why: str) -> None:
    seen = run(other(fault), NOBODY)
    assert seen.exit_code == 5, seen.said
    assert why in seen.said
    assert [row.state for row in Ledger(seen.folder).open_rows()] == ["unproven"]
    assert seen.left_nothing(), "the servers that it lived in are gone all the same"


def test_a_probe_that_breaks_after_the_undo(run: Any) -> None:
    seen = run(other("bad.probe-dies") | OWN_PROBE, NOBODY)
    assert seen.exit_code == 5, seen.said
    assert "the probe eye is missing after the undo" in seen.said


def test_broken_for_long_and_whole_at_the_end(run: Any) -> None:
    """Nobody does anything, the harness itself ends the fault: everything is green, and the gate counts the time."""
    seen = run({"    within: 10s\n": "    within: 10s\n    lasts: 40m\n"}, NOBODY)
    assert seen.exit_code == 1, seen.said
    assert seen.facts["metrics"]["TTR"] > 1800, "beyond the gate's limit, though all was green at the end"
    assert seen.left_nothing()


def test_a_stop_that_comes_by_itself_heals(run: Any) -> None:
    guard = "\nabort_when:\n  - {probe: vault, red_for: 5m}\n\nlimits:\n"
    seen = run({"\nlimits:\n": guard}, NOBODY)
    assert seen.exit_code == 4, seen.said
    assert "vault was red for 300 s" in seen.said
    aborted = seen.kinds().index("abort.asked")
    assert "fault.intended" not in seen.kinds()[aborted:]
    assert "fault.proven" in seen.kinds()[aborted:]
    assert Ledger(seen.folder).open_rows() == []
    assert seen.left_nothing()


def test_the_gate_is_out_of_tolerance_after_it(run: Any) -> None:
    seen = run({"TTR: 30m": "TTR: 1m"})
    assert seen.exit_code == 1, seen.said
    assert seen.facts["outcome"] == "failed"


def test_the_package_is_sound(run: Any) -> None:
    """The same story with the real fault passes: what fails above fails for its own reason."""
    assert run({}).exit_code == 0


AGAIN = "    repeat: {times: 2, every: 20m, lasting: 5m}\n"


def test_a_repeated_fault_that_shows_only_once(run: Any) -> None:
    seen = run(other("bad.only-once") | {"    within: 10s\n": f"    within: 10s\n{AGAIN}"}, NOBODY)
    assert seen.exit_code == 3, seen.said
    assert seen.kinds().count("fault.effective") == 1
    assert seen.kinds().count("fault.ineffective") == 1
    assert seen.left_nothing()


COMPOSED = """\
fault: compose
    params:
      parts:
        - {fault: registry.read-only, target: registry}
        - {fault: bad.no-effect, target: vault}
"""


def test_a_part_without_effect(run: Any) -> None:
    seen = run({"fault: vault.seal\n": COMPOSED} | OWN_PROBE, NOBODY)
    assert seen.exit_code == 3, seen.said
    assert "the probe vault was green after 10 s, not red" in seen.said
    assert seen.left_nothing()


WRAPPED = """\
    within: 10s
    lasts: 10m
  - id: slower-and-slower
    fault: network.latency
    target: registry
    params: {latency: 4s}
    ramp: {over: 6m, steps: 4}
    lasts: 10m
  - id: again-and-again
    fault: process.kill
    target: search
    at: 17m
    repeat: {times: 3, every: 4m, lasting: 1m}
  - id: at-once
    fault: compose
    target: orders
    at: 11m
    lasts: 5m
    params:
      parts:
        - {fault: vault.policy-narrowed, target: vault}
        - {fault: process.stop, target: orders}
"""


def test_faults_that_grow_repeat_and_come_together_are_each_seen_and_proven(run: Any) -> None:
    seen = run({"    within: 10s\n": WRAPPED}, NOBODY)
    assert seen.exit_code == 1, seen.said
    steps = [event.body.step for event in seen.events if event.kind == "fault.moved"]
    assert [step for step in steps if step.startswith("step")] == [f"step {n} of 4" for n in (2, 3, 4)]
    assert [step for step in steps if step.startswith("injected")] == [
        "injected for the 2nd time",
        "injected for the 3rd time",
    ]
    assert seen.kinds().count("fault.proven") == 4
    assert Ledger(seen.folder).open_rows() == []
    assert seen.left_nothing()

"""Checking files against each other: the shipped ones, a copy elsewhere, and copies damaged one way each."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from blackstart.check import Checked, check, kind_of, load_crew, load_plan, load_scenario, scenario_path
from blackstart.errors import InputError
from blackstart.testing import IdleFault

ROOT = Path(__file__).parents[1]
SCENARIO = "scenarios/vault/auth-503.yaml"


class Seal(IdleFault):
    """As much of a fault as `check` looks at."""

    kinds: ClassVar[tuple[str, ...]] = ("vault",)
    count: int = 1


FAULTS = {"vault.seal": Seal, "process.stop": IdleFault}

CREW = """\
kind: crew
title: One person
about: Acknowledges, and that is all.
participants:
  - {id: ic-1, roles: [ic], on_call: 1}
moves:
  - {id: ack, who: ic-1, after: page, wait: 1m, do: acknowledge}
expect: []
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of what is shipped, with a crew of its own."""
    shutil.copytree(
        ROOT / "scenarios", tmp_path / "root" / "scenarios", ignore=shutil.ignore_patterns("crews")
    )
    shutil.copytree(ROOT / "drills", tmp_path / "root" / "drills")
    crews = tmp_path / "root" / "scenarios" / "crews"
    crews.mkdir()
    (crews / "by-the-book.yaml").write_text(CREW)
    return tmp_path / "root"


def told(checked: Checked) -> list[str]:
    return [str(problem) for problem in checked.problems]


def test_everything_that_is_shipped_is_sound() -> None:
    checked = check([ROOT])
    assert told(checked) == []
    shipped = [
        *ROOT.glob("scenarios/**/*.yaml"),
        *ROOT.glob("drills/*.yaml"),
        *ROOT.glob("scenarios/runbooks/*.md"),
    ]
    assert checked.files == len(shipped)


def test_an_unchanged_copy_outside_the_repository_is_sound(tmp_path: Path) -> None:
    copy = tmp_path / "mine.yaml"
    shutil.copy(ROOT / SCENARIO, copy)
    checked = check([copy], root=ROOT, faults=FAULTS)
    assert told(checked) == []
    assert checked.files == 4  # with the protocol, the runbook and the map


DAMAGE: list[tuple[str, str, str, str, str]] = [
    # what is replaced, by what, the text at whose start the problem stands, what is told, the name of the case
    ("title: Vault", "titel: Vault", "titel", 'unknown key "titel"; did you mean title?', "unknown key"),
    ("turns_red: vault", "turns_rde: vault", "turns_rde", 'unknown key "turns_rde" of faults[0]; did you mean turns_red?', "unknown inner key"),
    ("steady: 1m", "steady: 90", "90\n", "steady: a duration needs a number and a unit, such as 90s, 15m or 1h30m; saw 90; did you mean 90s?", "no unit"),
    ("respond: 90m", "respond: 90 mins", "90 mins", 'limits.respond: a duration needs a number and a unit, such as 90s, 15m or 1h30m; saw "90 mins"; did you mean 90m?', "wrong unit"),
    ("blocks: [ship, authenticate]", "blocks: ship", "ship\n", 'blocks: a list is needed; saw "ship"', "wrong type"),
    ("    type: page\n", "", "id: page-login-fails", "injects[0] has no type; add type:", "missing field"),
    ("protocol: playbook", "protocol: playbok", "playbok\n", 'no protocol is called "playbok"; looked for', "missing protocol"),
    ("runbook: vault-sealed", "runbook: vault-seald", "vault-seald\n", 'no runbook is called "vault-seald"; looked for', "missing runbook"),
    ("fault: vault.seal", "fault: vault.seel", "vault.seel", 'no fault is called "vault.seel"; did you mean vault.seal?', "unknown fault"),
    ("target: vault", "target: valt", "valt\n", '"valt" is not on the map in scenarios/platform.yaml; did you mean vault?', "unknown target"),
    ("target: vault", "target: dns", "dns\n", "vault.seal cannot break dns, which is of the kind dns; it breaks vault", "wrong target"),
    ("    within: 10s", "    params: {cuont: 2}", "2}", "vault.seal, parameter cuont: extra inputs are not permitted; did you mean count?", "unknown parameter"),
    ("turns_red: vault", "turns_red: vault-login", "vault-login\n", 'no probe is called "vault-login" in scenarios/platform.yaml', "missing probe"),
    ("{probe: vault, red_for", "{probe: valt, red_for", "valt, red_for", 'no probe is called "valt" in scenarios/platform.yaml; did you mean vault?', "missing probe of an inject"),
    ("probes: []", "probes: [shipp]", "shipp]", 'no probe is called "shipp" in scenarios/platform.yaml; did you mean ship?', "missing probe of recovery"),
    ("step: check-seal", "step: check-sael", "check-sael", 'no step "check-sael"; did you mean check-seal?', "missing step"),
    ("blocks: [ship, authenticate]", "blocks: [ship, observe]", "observe]", 'no capability is called "observe"', "missing capability"),
    ('to: "#payments"', 'to: "#payment"', '"#payment"', 'no team has the channel "#payment"; did you mean #payments?', "missing channel"),
    ("at: 6m", "at: 6m\n    when: {silence: 5m}", "id: payments-asks", 'inject "payments-asks" needs exactly one of at and when; saw both', "both at and when"),
    ("id: search-asks-again", "id: orders-asks-again", "orders-asks-again\n    type: question\n    when: {silence: 15m}\n    from: search", 'duplicate id "orders-asks-again"', "duplicate id"),
    ("    TTR: 30m", "    MTTR: 30m", "30m\n", 'no metric is called "MTTR"; did you mean TTR?', "unknown metric"),
    ("no_finding: minor", "no_finding: minro", "minro", 'gate.no_finding: must be info or minor or major; saw "minro"; did you mean minor?', "unknown severity"),
    ("  sustained: 2m", "\tsustained: 2m", "\tsustained", "a tab is used as indentation; indent with spaces", "tab"),
    ("kind: scenario\n", "kind: scenario\nkind: scenario\n", "kind: scenario\ntitle", 'duplicate key "kind"; first written in line 2; keep one', "duplicate key"),
    ("clean_window: 1h", "clean_window: !!python/name:os.system", "!!python", "a tag is not accepted; saw tag:yaml.org,2002:python/name:os.system; write a plain value", "Python tag"),
    ("clean_window: 1h", "clean_window: *hour", "*hour", "an alias is not accepted; saw *hour; write the value out", "alias"),
    ("text: Any update?", "text: Any: update?", ": update?", "this is not YAML: mapping values are not allowed in this context", "colon"),
    ("kind: scenario", "kind: scenari0", "scenari0", 'unknown kind; saw "scenari0"; did you mean scenario?', "unknown kind"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "at", "what"), [case[:4] for case in DAMAGE], ids=[case[4] for case in DAMAGE]
)
def test_a_damaged_copy_fails_for_the_right_reason_at_the_right_place(
    tmp_path: Path, old: str, new: str, at: str, what: str
) -> None:
    text = (ROOT / SCENARIO).read_text()
    assert old in text
    head, _, tail = text.partition(old)
    copy = tmp_path / "damaged.yaml"
    copy.write_text(head + new + tail)
    index = (head + new + tail).index(at, max(0, len(head) - 120))
    line = (head + new + tail).count("\n", 0, index) + 1
    column = index - (head + new + tail).rfind("\n", 0, index)
    (one,) = told(check([copy], root=ROOT, faults=FAULTS))
    assert one.startswith(f"{copy}:{line}:{column}: ")
    assert what in one


def test_all_problems_of_a_file_come_at_once(tmp_path: Path) -> None:
    """Unknown keys, wrong values and what other files lack: one run shows them all."""
    text = (ROOT / SCENARIO).read_text()
    for old, new in (
        ("title:", "titel: x\ntitle:"),
        ("steady: 1m", "steady: 1"),
        ("playbook\n", "playbok\n"),
        ("check-seal", "check-sael"),
    ):
        assert old in text
        text = text.replace(old, new, 1)
    copy = tmp_path / "damaged.yaml"
    copy.write_text(text)
    assert len(told(check([copy], root=ROOT, faults=FAULTS))) == 4


def _write(name: str, text: str) -> Callable[[Path], None]:
    def damage(root: Path) -> None:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)

    return damage


def _replace(name: str, old: str, new: str) -> Callable[[Path], None]:
    def damage(root: Path) -> None:
        text = (root / name).read_text()
        assert old in text
        (root / name).write_text(text.replace(old, new, 1))

    return damage


def _bytes(name: str, data: bytes) -> Callable[[Path], None]:
    def damage(root: Path) -> None:
        (root / name).write_bytes(data)

    return damage


def _link(name: str, to: str) -> Callable[[Path], None]:
    def damage(root: Path) -> None:
        (root / name).symlink_to(to)

    return damage


def _remove(name: str) -> Callable[[Path], None]:
    def damage(root: Path) -> None:
        (root / name).unlink()

    return damage


def _folder_instead(name: str) -> Callable[[Path], None]:
    def damage(root: Path) -> None:
        (root / name).unlink()
        (root / name).mkdir()

    return damage


MAP = "scenarios/platform.yaml"
PLAYBOOK = "scenarios/protocols/playbook.yaml"
RUNBOOK = "scenarios/runbooks/vault-sealed.md"
PLAN = "drills/ci-smoke.yaml"
BY_THE_BOOK = "scenarios/crews/by-the-book.yaml"

WHOLE: list[tuple[str, Callable[[Path], None], list[tuple[str, str, str]]]] = [
    # the name of the case, the damage, and each problem: its file, the text at whose start it stands, what is told
    ("empty file", _write("drills/x.yaml", ""), [("drills/x.yaml", "1:1", "the file is empty; begin with kind: and a title:")]),
    ("not UTF-8", _bytes("drills/x.yaml", b"kind: plan\ntitle: \xff"), [("drills/x.yaml", "2:8", "not UTF-8; saw the byte 0xFF; save it as UTF-8")]),
    ("10 MB", _bytes("drills/x.yaml", b" " * 10_000_000), [("drills/x.yaml", "0:0", "larger than 1,000,000 bytes; it has 10,000,000 bytes; is it the right file?")]),
    ("dangling link", _link("drills/x.yaml", "gone.yaml"), [("drills/x.yaml", "0:0", "a dangling link; it points to gone.yaml; mend or remove it")]),
    ("dangling link of any name", _link("scenarios/x", "gone"), [("scenarios/x", "0:0", "a dangling link; it points to gone; mend or remove it")]),
    ("deep nesting", _write("drills/x.yaml", "kind: plan\ntitle: " + "[" * 5000), [("drills/x.yaml", "2:39", "values are nested deeper than 32 levels; flatten them")]),
    ("circle in the map", _replace(MAP, "needs: [dns]", "needs: [dns, resolver]"), [(MAP, "[dns, resolver]", "needs go in a circle; saw resolver → resolver; a map has a direction")]),
    ("unknown need", _replace(MAP, "needs: [dns]", "needs: [dsn]"), [(MAP, "dsn]", 'resolver needs "dsn", which is not on the map; did you mean dns?')]),
    ("bad pattern", _replace(PLAYBOOK, r"- '\b(?:fixed", r"- '\b((?:fixed"), [(PLAYBOOK, r"'\b((?:fixed", "not a regular expression: ")]),
    ("placeholder in a form", _replace(PLAYBOOK, "Investigating {symptom}", "Investigating {symptoms}"), [(PLAYBOOK, '"{incident_id} acknowledged', "nobody fills {symptoms}; did you mean symptom?")]),
    ("missing crew", _replace(PLAN, "crew: by-the-book", "crew: by-the-bok"), [(PLAN, "by-the-bok", 'no crew is called "by-the-bok"; looked for')]),
    ("missing scenario", _replace(PLAN, "vault/auth-503", "vault/auth-504"), [(PLAN, "vault/auth-504", 'no scenario is called "vault/auth-504"; looked for')]),
    ("crew's placeholder", _replace(BY_THE_BOOK, "do: acknowledge", 'do: post, text: "{gap}"'), [(BY_THE_BOOK, '"{gap}"', "nobody fills {gap}; one of ")]),
    ("runbook's command", _replace(RUNBOOK, "\nteams\n", "\nkubectl get pods\n"), [(RUNBOOK, "kubectl get", '"kubectl" is not on the PATH')]),
    (
        "runbook's step",
        _replace(RUNBOOK, " {#verify-login}", ""),
        [
            (RUNBOOK, "### A login works", 'the step "A login works" has no id'),
            (SCENARIO, "verify-login", f'{RUNBOOK} has no step "verify-login"'),
        ],
    ),
    ("no map", _remove(MAP), [(MAP, "0:0", "no such file")]),
    ("a map that is a folder", _folder_instead(MAP), [(MAP, "0:0", "a folder where a file is needed")]),
]  # fmt: skip


def _stands(root: Path, file: str, at: str) -> str:
    """`file:line:column` of a text in a file, where `at` is not already line:column."""
    if at.replace(":", "").isdigit():
        return f"{file}:{at}"
    text = (root / file).read_text()
    assert text.count(at) == 1
    index = text.index(at)
    return f"{file}:{text.count(chr(10), 0, index) + 1}:{index - text.rfind(chr(10), 0, index)}"


@pytest.mark.parametrize(
    ("damage", "expected"), [case[1:] for case in WHOLE], ids=[case[0] for case in WHOLE]
)
def test_a_damaged_tree(
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    damage: Callable[[Path], None],
    expected: list[tuple[str, str, str]],
) -> None:
    monkeypatch.chdir(root)
    assert told(check(faults=FAULTS)) == []
    damage(root)
    found = told(check(faults=FAULTS))
    starts = [f"{_stands(root, file, at)}: {what}" for file, at, what in expected]
    assert [one[: len(start)] for one, start in zip(found, starts, strict=False)] == starts
    assert len(found) == len(starts)


def test_a_folder_with_nothing_to_check_and_a_path_that_is_not_there(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    (root / "scenarios/empty").mkdir()
    assert told(check([Path("scenarios/empty"), Path("scenarios/vault/gone.yaml")], faults=FAULTS)) == [
        "scenarios/empty:0:0: nothing to check in this folder; files end in .yaml; runbooks end in .md and stand in runbooks/",
        "scenarios/vault/gone.yaml:0:0: no such file; one of auth-503.yaml",
    ]


def test_hidden_files_and_readmes_are_not_looked_at(root: Path) -> None:
    (root / "scenarios/.draft.yaml").write_text("x")
    (root / "scenarios/.old").mkdir()
    (root / "scenarios/.old/x.yaml").write_text("x")
    (root / "scenarios/README.md").write_text("x")
    assert told(check([root], faults=FAULTS)) == []


def test_a_fault_that_does_not_load_is_told(root: Path) -> None:
    from importlib.metadata import EntryPoint

    gone = EntryPoint("vault.seal", "blackstart.nothing:Seal", "blackstart.faults")
    (one,) = told(check([root / SCENARIO], faults={"vault.seal": gone}))
    assert 'the fault "vault.seal" cannot be loaded; saw ModuleNotFoundError' in one


def test_a_workload_is_a_target_of_faults_that_break_anything(root: Path) -> None:
    _replace(SCENARIO, "fault: vault.seal\n    target: vault", "fault: process.stop\n    target: payments")(
        root
    )
    assert told(check([root / SCENARIO], faults=FAULTS)) == []


# --- loading ------------------------------------------------------------------------------------


def test_a_scenario_is_loaded_with_all_it_cites(root: Path) -> None:
    bundle = load_scenario(root / SCENARIO, faults=FAULTS)
    assert bundle.root == root
    assert (bundle.scenario.title, bundle.runbook.slug) == (
        "Vault answers 503 on its auth endpoints",
        "vault-sealed",
    )
    assert [(file.kind, file.path) for file in bundle.files] == [
        ("scenario", SCENARIO),
        ("protocol", "scenarios/protocols/playbook.yaml"),
        ("runbook", "scenarios/runbooks/vault-sealed.md"),
        ("platform", "scenarios/platform.yaml"),
    ]
    assert all(file.text == (root / file.path).read_text() for file in bundle.files)
    assert set(bundle.files[0].to_data()) == {"kind", "path", "sha256", "text"}


def test_a_broken_scenario_is_not_loaded(root: Path) -> None:
    _replace(SCENARIO, "turns_red: vault", "turns_red: valt")(root)
    _replace("scenarios/platform.yaml", "owner: platform-security", "ownr: platform-security")(root)
    with pytest.raises(InputError) as error:
        load_scenario(root / SCENARIO, faults=FAULTS)
    assert [(Path(problem.file).name, problem.what) for problem in error.value.problems] == [
        ("platform.yaml", 'unknown key "ownr" of components.vault'),
        ("auth-503.yaml", 'no probe is called "valt" in scenarios/platform.yaml'),
    ]


@pytest.mark.parametrize("load", [load_scenario, load_plan])
def test_another_kind_than_needed(root: Path, load: Callable[[Path], Any]) -> None:
    with pytest.raises(InputError, match=r":1:1: a (scenario|plan) is needed here; saw a protocol$"):
        load(root / "scenarios/protocols/playbook.yaml")


def test_the_kind_of_a_file(root: Path) -> None:
    assert kind_of(root / SCENARIO) == "scenario"
    assert kind_of(root / "drills/ci-smoke.yaml") == "plan"
    assert kind_of(root / "scenarios/runbooks/vault-sealed.md") == "runbook"
    with pytest.raises(InputError, match="no such file"):
        kind_of(root / "gone.yaml")


def test_a_crew_by_name_and_by_path(root: Path, tmp_path: Path) -> None:
    loaded, file = load_crew("by-the-book", root)
    assert (loaded.model.title, file.path, file.text) == (
        "One person",
        "scenarios/crews/by-the-book.yaml",
        CREW,
    )
    mine = tmp_path / "mine.yaml"
    mine.write_text(CREW)
    assert load_crew(str(mine))[0].model == loaded.model


def test_a_crew_that_is_not_there(root: Path) -> None:
    with pytest.raises(InputError, match=r'no crew is called "by-the-bok"; did you mean by-the-book\?'):
        load_crew("by-the-bok", root)


def test_a_plan_and_its_scenarios(root: Path) -> None:
    plan = load_plan(root / "drills/ci-smoke.yaml")[0].model
    assert [scenario_path(drill.scenario, root) for drill in plan.drills] == [root / SCENARIO]
    _replace("drills/ci-smoke.yaml", "vault/auth-503", "vault/auth")(root)
    with pytest.raises(InputError, match="no scenario is called"):
        load_plan(root / "drills/ci-smoke.yaml")

"""Finding the root, and what files cite."""

from __future__ import annotations

from pathlib import Path

import pytest

from blackstart.errors import InputError
from blackstart.workspace import KINDS, Workspace, find_root, shown


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in (
        "crews/silent.yaml",
        "protocols/playbook.yaml",
        "runbooks/vault-sealed.md",
        "vault/auth-503.yaml",
    ):
        path = tmp_path / "root" / "scenarios" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path / "root"


def test_the_root_is_the_nearest_folder_above_the_file(root: Path, tmp_path: Path) -> None:
    inner = root / "scenarios" / "vault" / "scenarios"
    inner.mkdir()
    assert find_root(root / "scenarios/vault/auth-503.yaml") == root / "scenarios/vault"
    inner.rmdir()
    assert find_root(root / "scenarios/vault/auth-503.yaml") == root


def test_else_it_is_that_of_the_working_directory(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root / "scenarios")
    assert find_root(tmp_path / "elsewhere.yaml") == root
    assert find_root() == root


def test_the_root_that_is_given_wins_and_must_be_one(root: Path, tmp_path: Path) -> None:
    assert find_root(root / "scenarios/vault/auth-503.yaml", root) == root
    with pytest.raises(InputError, match="no scenarios/ in this folder; name the folder above scenarios/"):
        find_root(None, tmp_path)


def test_no_root_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="no folder above it has scenarios/; name one with --root"):
        find_root(tmp_path / "x.yaml")


def test_a_path_is_shown_as_from_here(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root / "scenarios")
    assert shown(root / "scenarios" / "vault" / "auth-503.yaml") == "vault/auth-503.yaml"
    assert shown(Path("vault") / ".." / "x.yaml") == "x.yaml"
    assert shown(root / "x.yaml") == str(root / "x.yaml")


@pytest.mark.parametrize(
    ("kind", "name", "below"),
    [
        ("protocol", "playbook", "scenarios/protocols/playbook.yaml"),
        ("runbook", "vault-sealed", "scenarios/runbooks/vault-sealed.md"),
        ("runbook", "vault-sealed.md", "scenarios/runbooks/vault-sealed.md"),
        ("crew", "silent", "scenarios/crews/silent.yaml"),
        ("scenario", "vault/auth-503", "scenarios/vault/auth-503.yaml"),
        ("scenario", "scenarios/vault/auth-503.yaml", "scenarios/vault/auth-503.yaml"),
        ("scenario", "vault/v1.2", "scenarios/vault/v1.2.yaml"),
    ],
)
def test_where_a_name_is_looked_up(root: Path, kind: str, name: str, below: str) -> None:
    assert Workspace(root).find(kind, name) == root / below


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../x", "a/../../x", "a\0b", "."])
def test_a_name_never_leads_out_of_the_root(root: Path, name: str) -> None:
    workspace = Workspace(root)
    with pytest.raises(ValueError, match="a name below the root is needed"):
        workspace.find("protocol", name)
    assert workspace.get("protocol", name) is None
    assert [flaw.what for flaw in workspace.cited("protocol", name, ())] == [
        "a name below the root is needed"
    ]


def test_what_could_have_been_cited(root: Path) -> None:
    workspace = Workspace(root)
    assert workspace.names("scenario") == ["vault/auth-503"]
    assert workspace.names("crew") == ["silent"]
    ((flaw),) = workspace.cited("scenario", "vault/auth503", ("drills", 0, "scenario"))
    assert (flaw.what, flaw.hint) == ('no scenario is called "vault/auth503"', "did you mean vault/auth-503?")


def test_a_file_is_read_once(root: Path) -> None:
    workspace = Workspace(root)
    path = root / "scenarios" / "vault" / "auth-503.yaml"
    assert workspace.read(path) is workspace.read(
        root / "scenarios" / "crews" / ".." / "vault" / "auth-503.yaml"
    )
    assert len(workspace.files()) == 1


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("x.yaml", "kind: scenarioo\n", '1:7: unknown kind; saw "scenarioo"; did you mean scenario?'),
        ("x.yml", "title: x\n", f"1:1: the file has no kind; begin with kind: ({', '.join(KINDS)})"),
        ("x.yaml", "- a\n", f"1:1: the file is no mapping; begin with kind: ({', '.join(KINDS)})"),
        ("x.yaml", "a: 1\nkind: [plan]\n", "2:7: unknown kind; saw \"['plan']\"; one of " + ", ".join(KINDS)),
        ("x.yaml", "", "1:1: the file is empty; begin with kind: and a title:"),
        (
            "x.txt",
            "kind: plan\n",
            "0:0: neither YAML nor Markdown; a runbook ends in .md, everything else in .yaml",
        ),
    ],
)
def test_files_of_no_kind(tmp_path: Path, name: str, text: str, told: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    read = Workspace(tmp_path).read(path)
    assert [str(problem) for problem in read.problems] == [f"{path}:{told}"]
    assert read.kind == ""

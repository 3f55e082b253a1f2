"""The program as a whole: help, versions, and errors without tracebacks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(sys.executable).with_name("blackstart")
COMMANDS = (
    "doctor",
    "check",
    "run",
    "review",
    "report",
    "list",
    "show",
    "verify",
    "export",
    "import",
    "redact",
    "recover",
)


def blackstart(*words: str | Path, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *words],
        cwd=cwd,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_help_names_every_command() -> None:
    out = blackstart("--help").stdout
    for command in COMMANDS:
        assert f"\n  {command} " in out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str) -> None:
    ended = blackstart(command, "--help")
    assert ended.returncode == 0
    assert f"Example: blackstart {command}" in " ".join(ended.stdout.split())


HEAVY = {"rich.live", "jinja2", "httpx", "sqlite3", "dns"}


def loaded_by(*words: str) -> set[str]:
    """Every module that a call of the program imports."""
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", PROGRAM, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return {line.rsplit("|", 1)[-1].strip() for line in ended.stderr.splitlines()}


def test_help_loads_nothing_heavy() -> None:
    assert loaded_by("--help").isdisjoint(HEAVY | {"pydantic", "yaml", "markdown_it"})


def test_check_loads_nothing_that_it_does_not_need() -> None:
    assert loaded_by("check").isdisjoint(HEAVY)


def test_version() -> None:
    assert blackstart("--version").stdout.startswith("blackstart 0.")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("frobnicate",), 2, "No such command"),
        (("run",), 2, "Missing argument"),
        (("run", "nope.yaml"), 2, "nope.yaml"),
        (("run", "scenarios/vault/auth-503.yaml", "--crew", "sillent"), 2, "silent"),
        (("run", "scenarios/vault/auth-503.yaml", "--seed", "x"), 2, "--seed"),
        (("run", "scenarios/vault/auth-503.yaml", "--pace", "-1"), 2, "a pace is above 0"),
        (("run", "scenarios"), 2, "scenarios"),
        (("check", "nope"), 2, "nope"),
        (("show", "INC-1"), 2, "no drill"),
        (("verify", "latest"), 2, "no drill"),
        (("report", "latest", "--format", "pdf"), 2, "no drill"),
        (("import", "nope.jsonl"), 2, "nope.jsonl"),
    ],
)
def test_what_a_user_can_cause_is_one_clear_message(
    tmp_path: Path, words: tuple[str, ...], code: int, says: str
) -> None:
    ended = blackstart(*words, BLACKSTART_REPORTS=str(tmp_path))
    assert (ended.returncode, "Traceback" in ended.stderr) == (code, False), ended.stderr
    assert says in ended.stderr


def test_list_of_nothing_says_what_to_do(tmp_path: Path) -> None:
    ended = blackstart("list", "--reports-dir", tmp_path)
    assert (ended.returncode, "blackstart run" in ended.stdout) == (0, True)


def test_check_passes_on_the_repository() -> None:
    ended = blackstart("check")
    assert (ended.returncode, ended.stderr) == (0, "")


def test_doctor_lists_what_a_drill_needs() -> None:
    ended = blackstart("doctor", "--json")
    assert ended.returncode == 0
    assert '"name": "tool openbao"' in ended.stdout


def test_with_json_an_error_is_a_document_too() -> None:
    ended = blackstart("doctor", "--compose", "nope.yml", "--json")
    assert ended.returncode == 2
    found = json.loads(ended.stdout)
    assert "nope.yml" in ended.stderr or "docker" in ended.stderr  # without docker that is told first
    assert found["error"] in ended.stderr
    assert found["hint"]

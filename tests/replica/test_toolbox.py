from __future__ import annotations

import json
import os
import stat
import subprocess
from pathlib import Path

import pytest

from blackstart.errors import MissingTool
from blackstart.replica.components.workload import Service
from blackstart.replica.layout import TEAMS
from blackstart.replica.toolbox import TOOLS, Escrow, Toolbox
from blackstart.replica.tools import ensure_tools

RESOLVER = ("127.0.0.1", 10)
VAULT = ("127.0.0.1", 20)


@pytest.fixture
def toolbox(tmp_path: Path) -> Toolbox:
    ensure_tools(lambda *news: None)
    made = Toolbox(tmp_path, "label-1")
    services = [Service(team, ("127.0.0.1", 30), ("127.0.0.1", 40), "secret") for team in TEAMS]
    made.write(RESOLVER, services, VAULT)
    escrow = Escrow(["one", "two", "three"], {"payments": "its-id"}, tmp_path / "automation-token")
    made.add_home("ic-1", escrow)
    return made


def test_every_tool_is_there_and_can_be_run(toolbox: Toolbox) -> None:
    assert sorted(path.name for path in toolbox.bin.iterdir()) == sorted(TOOLS)
    assert all(os.access(path, os.X_OK) for path in toolbox.bin.iterdir())


def test_writing_it_again_replaces_it(toolbox: Toolbox) -> None:
    services = [Service("payments", ("127.0.0.1", 31), ("127.0.0.1", 41), "other")]
    toolbox.write(RESOLVER, services, ("127.0.0.1", 21))
    env = toolbox.env("ic-1", "t")
    assert env["BAO_ADDR"] == "http://127.0.0.1:21"
    assert json.loads(Path(env["BLACKSTART_TOOLBOX"]).read_text())["token"] == "other"


def test_the_environment_is_made_anew(toolbox: Toolbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_HARNESS", "x")
    env = toolbox.env("ic-1", "token-of-ic-1")
    assert "SECRET_OF_THE_HARNESS" not in env
    assert env["PATH"].split(":")[0] == str(toolbox.bin)
    assert env["BAO_ADDR"] == env["VAULT_ADDR"] == "http://127.0.0.1:20"
    assert env["BAO_TOKEN"] == env["VAULT_TOKEN"] == "token-of-ic-1"
    assert env["BLACKSTART_LABEL"] == "label-1"
    assert Path(env["HOME"]).name == "ic-1"


def test_a_home_has_the_key_shares_and_is_private(toolbox: Toolbox) -> None:
    keys = Path(toolbox.env("ic-1", "")["HOME"]) / "unseal-keys"
    assert [(keys / name).read_text() for name in ("1", "2", "3")] == ["one\n", "two\n", "three\n"]
    assert stat.S_IMODE(keys.stat().st_mode) == 0o700
    assert all(stat.S_IMODE(key.stat().st_mode) == 0o600 for key in keys.iterdir())


def test_a_home_has_the_secret_ids_in_escrow_and_the_way_to_the_automations_token(
    toolbox: Toolbox, tmp_path: Path
) -> None:
    home = Path(toolbox.env("ic-1", "")["HOME"])
    ids = home / "secret-ids"
    assert (ids / "payments").read_text() == "its-id\n"
    assert stat.S_IMODE(ids.stat().st_mode) == 0o700
    assert stat.S_IMODE((ids / "payments").stat().st_mode) == 0o600
    assert (home / "automation-token").readlink() == tmp_path / "automation-token"


def test_the_shell_reads_nobodys_files_and_has_our_tools(toolbox: Toolbox) -> None:
    shell = toolbox.shell("ic-1", "t")
    assert shell.argv[0].endswith("/bash")
    assert shell.argv[1:] == ("--noprofile", "--norc", "-i")
    assert shell.tools == TOOLS
    command = [shell.argv[0], "--noprofile", "--norc", "-c", f"command -v {' '.join(TOOLS)}; pwd"]
    done = subprocess.run(
        command, env=dict(shell.env), cwd=shell.cwd, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [*(str(toolbox.bin / tool) for tool in TOOLS), shell.env["HOME"]]


def test_no_bash_is_said(toolbox: Toolbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingTool, match="bash is missing"):
        toolbox.shell("ic-1", "t")


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (["resolve"], 2, "usage: resolve NAME [TYPE]"),
        (["resolve", "a", "MX"], 2, "TYPE is one of A, NS"),
        (["resolve", "a.test"], 1, "resolve: connection refused: the resolver at 127.0.0.1:10"),
        (["deploy"], 2, "usage: deploy TEAM"),
        (["deploy", "nobody"], 2, "TEAM is one of payments, orders, search"),
        (["deploy", "payments"], 1, "deploy: connection refused: the service of payments is not running"),
        (["teams", "all"], 2, "usage: teams"),
    ],
)
def test_our_commands_say_what_is_wrong(toolbox: Toolbox, argv: list[str], code: int, said: str) -> None:
    done = subprocess.run(
        [str(toolbox.bin / argv[0]), *argv[1:]],
        env=toolbox.env("ic-1", ""),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code
    assert said in done.stderr


def test_teams_shows_what_is_down(toolbox: Toolbox) -> None:
    done = subprocess.run(
        [str(toolbox.bin / "teams")], env=toolbox.env("ic-1", ""), capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        f"{team:<10} -    down: connection refused at 127.0.0.1:30" for team in TEAMS
    ]

"""What people type where the platform is a user's own: each answers, whatever is wrong. On a real one: tests/integration."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.replica.foreign.conftest import image_ports, shop

from blackstart.platform import Platform
from blackstart.replica.base import Completed
from blackstart.replica.containers.note import Note
from blackstart.replica.foreign import ForeignReplica, commands, toolbox
from blackstart.replica.foreign.judge import judge
from blackstart.replica.foreign.override import Places
from blackstart.replica.foreign.written import Written

if TYPE_CHECKING:
    from collections.abc import Sequence

ELSEWHERE = "tcp://127.0.0.1:1"


class Shop:
    """One component, whose programs say what they were asked."""

    def components(self) -> dict[str, Any]:
        return {"db": None}

    def exec(self, component: str, argv: Sequence[str]) -> Completed:
        return Completed(3, f"{component} {' '.join(argv)}\n", "no\n")


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ForeignReplica, "attach", lambda folder, label: Shop())


def typed(name: str, *words: str) -> int:
    return commands.main(Path("/nowhere"), "d", name, list(words))


def test_every_tool_is_a_command() -> None:
    assert tuple(commands.COMMANDS) == toolbox.TOOLS


@pytest.mark.usefixtures("there")
def test_inside_runs_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert typed("inside", "db", "psql", "--version") == 3
    assert capsys.readouterr() == ("db psql --version\n", "no\n")


@pytest.mark.usefixtures("there")
@pytest.mark.parametrize("words", [[], ["db"], ["nobody", "ls"]])
def test_inside_says_how_it_is_called(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert typed("inside", *words) == 2
    told = capsys.readouterr().err
    assert told.startswith("usage: inside COMPONENT COMMAND ...\n")
    assert told.endswith("COMPONENT is one of db\n")


@pytest.mark.parametrize("tool", toolbox.TOOLS)
def test_a_tool_says_why_it_cannot_and_nothing_else(tmp_path: Path, tool: str) -> None:
    toolbox.write(tmp_path, "d")
    done = subprocess.run([tmp_path / "bin" / tool], capture_output=True, text=True, check=False)
    first, *more = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (1, "")
    assert first.startswith(f"{tool}: {tmp_path / 'foreign.json'} cannot be read: ")
    assert more == ["  it is written when the replica comes up, and removed when it goes down"]


def test_the_docker_that_the_plan_allowed_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever goes on with a drill in another process has no plan at hand."""
    platform = Platform.model_validate(
        {"kind": "platform", "components": {}, "capabilities": {}, "teams": {}}
    )
    places = Places.choose(judge(shop(), image_ports), list(range(1, 20)))
    ports = {each["image"]: tuple(image_ports(each["image"]) or ()) for each in shop()["services"].values()}
    Written("d", (), tmp_path / "docker-compose.yml", shop(), ports, places, platform).write(tmp_path)
    Note("d", "p", ELSEWHERE, ELSEWHERE).write(tmp_path)
    assert commands.main(tmp_path, "d", "service", []) == 1
    assert capsys.readouterr().err.startswith(f"service: docker does not answer at {ELSEWHERE}: ")

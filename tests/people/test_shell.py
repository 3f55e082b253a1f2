"""A recorded terminal, with a real bash."""

from __future__ import annotations

import json
import os
import secrets
import select
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blackstart import watchdog
from blackstart.errors import ReplicaError, UsageError
from blackstart.events import CommandFinished, CommandStarted, ShellOpened
from blackstart.people.shell import INTERRUPTED, KILLED, OUTPUT_CHARS, RecordedShell
from blackstart.people.terminal import Terminal

if TYPE_CHECKING:
    from tests.people.conftest import Stage, Terminals

Timed = Callable[..., RecordedShell]

LONG_S = 60.0
"""Generous: nothing here waits for it."""

SOON_S = 0.2
"""For commands that never end by themselves."""


def run(shell: RecordedShell, line: str, timeout_s: float = LONG_S) -> tuple[int, str]:
    result = shell.run(line, timeout_s)
    return result.exit_code, result.output


# --- what a command gives ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "exit_code", "output"),
    [
        ("echo hi", 0, "hi"),
        ("false", 1, ""),
        ("exit_with() { return 7; }; exit_with", 7, ""),
        ("no-such-program", 127, "bash: no-such-program: command not found"),
        ("echo 'a  b' \"c$HOME\" \\$x", 0, "a  b c{home} $x"),
        ("echo to-stderr >&2", 0, "to-stderr"),
        ("echo wow! !! !x", 0, "wow! !! !x"),
        ("printf 'no newline'", 0, "no newline"),
        ("printf '\\033[31mred\\033[0m'", 0, "red"),
        ("echo 'one\ntwo'", 0, "one\ntwo"),
        ("echo one\necho two; false", 1, "one\ntwo"),
        ("echo one \\\n  two", 0, "one two"),
        ("cat <<'E'\n\ttab 'q' $x\n\nE", 0, "\ttab 'q' $x"),
        ("printf %s '\x03\x04\x1b[201~\x1a' | wc -c", 0, "9"),
        ("echo é — 😀", 0, "é — 😀"),
        ("", 0, ""),
        ("   ", 0, ""),
        ("# only a remark", 0, ""),
        ("if true", 2, None),
        ("test -t 0 && test -t 1 && test -t 2", 0, ""),
    ],
    ids=repr,
)
def test_one_command(
    bash: RecordedShell, tmp_path: Path, line: str, exit_code: int, output: str | None
) -> None:
    if output is None:  # an open construct is only seen to be wrong at its end
        assert run(bash, f"{line}\n")[0] == exit_code
        return
    assert run(bash, line) == (exit_code, output.format(home=tmp_path))


def test_the_shell_persists(bash: RecordedShell, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    run(bash, "cd sub; X=5; false")
    assert run(bash, "echo $? $X $PWD") == (0, f"1 5 {tmp_path}/sub")


def test_a_long_line_arrives_whole(bash: RecordedShell) -> None:
    assert run(bash, f"printf %s {'x' * 20_000} | wc -c") == (0, "20000")


def test_much_output_gives_its_end(bash: RecordedShell, terminals: Terminals) -> None:
    code, output = run(bash, "head -c 10000000 /dev/zero | tr '\\0' x; echo; echo end")
    assert (code, len(output), output[-5:]) == (0, OUTPUT_CHARS, "x\nend")
    assert terminals.cast.stat().st_size < 2_000_000


def test_binary_output_harms_nothing(bash: RecordedShell) -> None:
    code, output = run(bash, "head -c 100000 /dev/urandom")
    assert code == 0
    assert len(output) <= OUTPUT_CHARS
    assert run(bash, "echo still here") == (0, "still here")


def test_traps_and_tracing_do_not_touch_the_evidence(bash: RecordedShell) -> None:
    run(bash, "trap 'true' DEBUG; trap 'echo bye' EXIT")
    assert run(bash, "false")[0] == 1
    run(bash, "set -x")
    assert run(bash, "sh -c 'exit 9'")[0] == 9


def test_its_processes_have_the_given_environment_alone(terminals: Terminals) -> None:
    os.environ["BLACKSTART_TEST_SECRET"] = "harness"
    try:
        shell = terminals.open(GIVEN="yes")
        names = {line.partition("=")[0] for line in run(shell, "env")[1].splitlines()}
    finally:
        del os.environ["BLACKSTART_TEST_SECRET"]
    made_by_bash = {"PWD", "OLDPWD", "SHLVL", "_"}
    assert names - made_by_bash == {"PATH", "HOME", "TERM", "LANG", "PS1", "GIVEN"}


# --- what does not end, and what ends the shell -----------------------------------------------------


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What ends at Ctrl-C has all the time that a busy machine needs for it."""
    monkeypatch.setattr("blackstart.people.shell.GRACE_S", LONG_S)


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("line", ["cat", "sleep 1000", "while :; do :; done", "read answer"])
def test_what_never_ends_ends_at_ctrl_c(timed: Timed, line: str) -> None:
    shell = timed()
    assert run(shell, f">on; {line}", SOON_S)[0] == INTERRUPTED
    assert run(shell, "echo still here") == (0, "still here")


@pytest.mark.usefixtures("patient")
def test_what_never_begins_ends_at_ctrl_c(timed: Timed) -> None:
    shell = timed(PS2="$(>on)> ")
    assert run(shell, "echo 'open quote", SOON_S)[0] == INTERRUPTED
    assert run(shell, "echo still here") == (0, "still here")


def test_what_ignores_ctrl_c_is_killed(timed: Timed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blackstart.people.shell.GRACE_S", SOON_S)
    shell = timed()
    assert run(shell, "X=5; (trap '' INT; >on; exec sleep 1000)", SOON_S)[0] == KILLED
    assert run(shell, "echo $X") == (0, "5")


def test_a_shell_that_cannot_be_stopped_is_replaced(
    timed: Timed, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blackstart.people.shell.GRACE_S", SOON_S)
    shell = timed()
    assert run(shell, "X=5; trap '' INT; >on; while :; do :; done", SOON_S)[0] == KILLED
    assert run(shell, "echo ${X:-fresh}") == (0, "fresh")
    shells = [e.body.shell for e in stage.of("shell.opened") if isinstance(e.body, ShellOpened)]
    assert shells == ["sme-1/sh-1", "sme-1/sh-2"]


@pytest.mark.parametrize(
    ("line", "exit_code"),
    [("exit 3", 3), ("kill -9 $$", 137), ("exec sh -c 'exit 4'", 4), ("set -e; false", 1)],
)
def test_a_command_that_ends_the_shell_has_its_exit_code(
    bash: RecordedShell, line: str, exit_code: int
) -> None:
    assert run(bash, line)[0] == exit_code
    assert run(bash, "echo anew") == (0, "anew")


def test_closing_leaves_nothing_running(bash: RecordedShell) -> None:
    _, output = run(bash, "sleep 1000 & (trap '' HUP; exec sleep 1000) & echo; echo $(jobs -p)")
    pids = output.splitlines()[-1].split()
    assert len(pids) == 2
    bash.close()
    bash.close()
    assert [pid for pid in pids if is_running(pid)] == []


def test_what_is_typed_to_outlive_the_drill_is_still_the_drills(terminals: Terminals) -> None:
    label = f"test-{secrets.token_hex(6)}"
    shell = terminals.open(BLACKSTART_LABEL=label)
    hidden = "env -i PATH=$PATH setsid sh -c 'echo $$ >hidden; exec sleep 1000' &"
    _, shown = run(shell, f"{hidden} until test -s hidden; do sleep 0.01; done; cat hidden")
    pid = shown.split()[-1]
    shell.close()
    assert watchdog.processes(label) == [int(pid)]
    assert watchdog.kill(label) == [int(pid)]
    assert not is_running(pid)


def is_running(pid: str) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


# --- the evidence -----------------------------------------------------------------------------------


def test_each_command_is_on_record_as_typed(bash: RecordedShell, stage: Stage) -> None:
    stage.now_s = 700.0
    result = bash.run("echo one\nexit 2", LONG_S)
    opened, started, finished = (event.body for event in stage.history.events)
    assert opened == ShellOpened("sme-1/sh-1", "sme-1", "terminals/sme-1.cast")
    assert isinstance(started, CommandStarted)
    assert (started.command, started.shell, started.line.text) == (
        "sme-1/c-1",
        "sme-1/sh-1",
        "echo one\nexit 2",
    )
    assert isinstance(finished, CommandFinished)
    assert (finished.command, finished.exit_code, finished.real_s) == ("sme-1/c-1", 2, result.real_s)
    assert {(e.actor, e.source, e.drill_s) for e in stage.history.events} == {("sme-1", "terminal", 700.0)}


def test_a_command_begins_after_its_start_is_on_record(
    terminals: Terminals, stage: Stage, tmp_path: Path
) -> None:
    there: list[bool] = []
    emit = stage.emit

    def watching(body: object, **rest: object) -> object:
        if isinstance(body, CommandStarted):
            there.append((tmp_path / "touched").exists())
        return emit(body, **rest)  # type: ignore[arg-type]  # passes on what it was given

    stage.emit = watching  # type: ignore[method-assign, assignment]  # a look in between
    run(terminals.open(), "touch touched")
    assert there == [False]
    assert (tmp_path / "touched").exists()


def test_drill_time_runs_while_a_command_does(bash: RecordedShell, terminals: Terminals) -> None:
    run(bash, "true")
    run(bash, "sleep 1000", SOON_S)
    assert terminals.ran == ["on", "off", "on", "off"]


def test_the_shell_opens_at_the_first_command(
    bash: RecordedShell, terminals: Terminals, stage: Stage
) -> None:
    assert stage.history.events == []
    assert not terminals.cast.exists()


def test_the_recording_shows_what_the_screen_showed(bash: RecordedShell, terminals: Terminals) -> None:
    run(bash, "echo first")
    run(bash, "exit")
    run(bash, "echo second")
    bash.close()
    header, *events = [json.loads(line) for line in terminals.cast.read_text().splitlines()]
    assert (header["version"], header["title"]) == (2, "sme-1")
    shown = "".join(text for _, code, text in events if code == "o")
    assert "sme-1@platform:~" in shown
    assert "first\r\n" in shown
    assert "second\r\n" in shown
    assert [text for _, code, text in events if code == "m"] == ["echo first", "exit", "echo second"]
    assert [at for at, _, _ in events] == sorted(at for at, _, _ in events)


# --- what cannot be ---------------------------------------------------------------------------------


def test_what_happened_in_time_counts_for_one_who_looks_late(terminals: Terminals) -> None:
    terminal = Terminal(terminals.spec(), lambda _: None, terminals.time)
    try:
        said = select.poll()
        said.register(terminal._said_r, select.POLLIN)
        assert said.poll(LONG_S * 1000)
        assert terminal.wait(lambda: terminal.prompts == 1, 0.0)
        assert not terminal.wait(lambda: terminal.prompts == 2, 0.0)
    finally:
        terminal.close()


def test_a_nul_is_refused(bash: RecordedShell, stage: Stage) -> None:
    with pytest.raises(UsageError, match=r"^a command cannot have a NUL in it$"):
        bash.run("echo \0", LONG_S)
    assert stage.history.events == []


def test_a_shell_that_does_not_open_says_what_was_seen(terminals: Terminals) -> None:
    shell = terminals.open(argv=("no-such-shell",))
    with pytest.raises(
        ReplicaError, match=r"^the terminal of sme-1 does not open: it ended with 127$"
    ) as raised:
        shell.run("true", LONG_S)
    assert raised.value.hint == "its program is no-such-shell; see the recording terminals/sme-1.cast"

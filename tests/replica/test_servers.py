from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from blackstart.errors import ReplicaError
from blackstart.replica.programs.processes import COMPONENT, LABEL
from blackstart.replica.servers import Launch, Server, tail
from blackstart.replica.waiting import wait_until

from .conftest import LIMIT_S

READY = "print('ready', flush=True)\n"
SLEEP = READY + "import time\ntime.sleep(600)\n"
STUBBORN = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + SLEEP
FAMILY = (
    "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    + SLEEP
)

ENV = {"PATH": os.defpath, "MARK": "yes"}

Make = Callable[[str], Server]


@pytest.fixture
def make(tmp_path: Path, label: str) -> Iterator[Make]:
    made: list[Server] = []

    def server(code: str) -> Server:
        launch = Launch([sys.executable, "-c", code], {**ENV, LABEL: label}, tmp_path / "data")
        made.append(Server("thing", launch, tmp_path / "thing.log"))
        made[-1].start()
        return made[-1]

    yield server
    for each in made:
        each.kill()


def ready(server: Server) -> Server:
    assert wait_until(lambda: "ready" in tail(server.log, 5), LIMIT_S)
    return server


def test_it_runs_in_a_group_of_its_own_with_its_own_environment(make: Make, label: str) -> None:
    server = ready(make(SLEEP))
    assert server.running()
    assert server.pid is not None
    assert os.getpgid(server.pid) == server.pid
    assert psutil.Process(server.pid).environ() == {
        **ENV,
        LABEL: label,
        COMPONENT: "thing",
    }
    assert psutil.Process(server.pid).cwd().endswith("/data")


def test_starting_what_runs_changes_nothing(make: Make) -> None:
    server = ready(make(SLEEP))
    pid = server.pid
    server.start()
    assert server.pid == pid


def test_stop_ends_it_in_order(make: Make) -> None:
    code = "import signal, sys\nsignal.signal(signal.SIGTERM, lambda *_: (print('bye', flush=True), sys.exit(0)))\n"
    server = ready(make(code + SLEEP))
    server.stop(patience_s=LIMIT_S)
    assert not server.running()
    assert "bye" in tail(server.log, 5)
    assert server.exited_by_itself() is None


def test_stop_kills_one_that_will_not_end(make: Make) -> None:
    server = ready(make(STUBBORN))
    server.stop(patience_s=0.0)
    assert not server.running()


def test_stop_ends_a_paused_one(make: Make) -> None:
    server = ready(make(SLEEP))
    server.pause()
    server.stop()
    assert not server.running()


def has_ended(child: psutil.Process) -> bool:
    try:
        return child.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_kill_takes_the_children_too(make: Make) -> None:
    server = ready(make(FAMILY))
    assert server.pid is not None
    (child,) = psutil.Process(server.pid).children()
    server.kill()
    assert wait_until(lambda: has_ended(child), LIMIT_S)


def test_children_of_one_that_died_are_ended_with_it(make: Make) -> None:
    server = ready(make(FAMILY))
    assert server.pid is not None
    (child,) = psutil.Process(server.pid).children()
    os.kill(server.pid, signal.SIGKILL)
    assert wait_until(lambda: not server.running(), LIMIT_S)
    server.stop()
    assert wait_until(lambda: has_ended(child), LIMIT_S)


def test_pause_and_resume(make: Make) -> None:
    server = ready(make(SLEEP))
    process = psutil.Process(server.pid)
    server.pause()
    assert wait_until(lambda: process.status() == psutil.STATUS_STOPPED, LIMIT_S)
    assert server.running()
    server.resume()
    assert wait_until(lambda: process.status() != psutil.STATUS_STOPPED, LIMIT_S)


def test_one_that_ended_by_itself_says_so_with_its_code(make: Make) -> None:
    server = make("raise SystemExit(7)")
    assert wait_until(lambda: not server.running(), LIMIT_S)
    assert server.exited_by_itself() == 7


def test_one_that_is_still_ending_has_no_code_yet(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    server = make("raise SystemExit(7)")
    assert wait_until(lambda: not server.running(), LIMIT_S)
    asked = os.waitpid
    still = [(0, 0)]
    monkeypatch.setattr(os, "waitpid", lambda pid, options: still.pop() if still else asked(pid, options))
    assert server.exited_by_itself() is None
    assert server.exited_by_itself() == 7


def test_one_that_was_ended_did_not_end_by_itself(make: Make) -> None:
    server = ready(make(SLEEP))
    assert server.exited_by_itself() is None
    server.kill()
    assert server.exited_by_itself() is None


def test_it_can_be_started_again_after_everything(make: Make) -> None:
    server = ready(make(SLEEP))
    server.kill()
    server.start()
    assert server.running()
    server.stop()
    server.start()
    assert server.running()


def test_ending_what_never_ran_is_nothing(tmp_path: Path) -> None:
    server = Server("thing", Launch(["none"], {LABEL: "none"}, tmp_path), tmp_path / "log")
    server.stop()
    server.kill()
    server.pause()
    server.resume()
    assert not server.running()
    assert server.pid is None


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    server = Server("thing", Launch([str(tmp_path / "none")], {LABEL: "none"}, tmp_path), tmp_path / "log")
    with pytest.raises(ReplicaError, match=r"thing cannot be started: .*No such file"):
        server.start()


def test_the_error_of_a_failure_has_the_last_lines(make: Make) -> None:
    server = make("import sys\nprint('it went wrong', flush=True)\nsys.exit(3)")
    assert wait_until(lambda: not server.running(), LIMIT_S)
    error = server.failed("did not come into service")
    assert error.message == (
        "thing did not come into service (ended with code 3). Its last lines:\nit went wrong"
    )
    assert str(server.log) in error.hint


def test_the_tail_of_a_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert tail(log, 3) == ""
    log.write_bytes(b"".join(b"line %d\n" % n for n in range(50_000)) + b"\xff last\n")
    assert tail(log, 2) == "line 49999\n\ufffd last"

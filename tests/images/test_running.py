from __future__ import annotations

import threading

import pytest

from bakery.running import Result, Running, Stopped, said


def test_what_it_said_is_kept() -> None:
    result = Running().run(["sh", "-c", "echo out; echo err >&2; exit 3"])
    assert (result.returncode, result.stdout, result.stderr) == (3, "out\n", "err\n")


def test_stop_ends_what_runs_and_all_that_it_started() -> None:
    running, ended = Running(), threading.Event()

    def wait() -> None:
        # The background process keeps the pipe open: only its own end lets `run` come back.
        with pytest.raises(Stopped):
            running.run(["sh", "-c", "sleep 1000 & wait"])
        ended.set()

    thread = threading.Thread(target=wait)
    thread.start()
    while not running._processes:
        assert thread.is_alive()
    running.stop()
    thread.join()
    assert ended.is_set()


def test_nothing_begins_after_a_stop() -> None:
    running = Running()
    running.stop()
    with pytest.raises(Stopped):
        running.run(["true"])


def test_the_last_words_are_on_one_line() -> None:
    assert said(Result([], 1, "out", " first\n\n second\n")) == "first / second"
    assert said(Result([], 1, "out\n", "")) == "out"
    assert said(Result([], 1, "", "x" * 1000)) == "x" * 600

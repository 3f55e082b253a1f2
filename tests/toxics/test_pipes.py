from __future__ import annotations

import os

import pytest

from blackstart.toxics.pipes import Pipe, Pipes


def test_a_pipe_is_used_again() -> None:
    pipes = Pipes()
    first = pipes.take()
    assert first is not None
    pipes.give(first)
    assert pipes.take() is first
    first.close()


def test_there_are_no_more_than_so_many() -> None:
    pipes = Pipes(2)
    taken = [pipes.take(), pipes.take()]
    assert pipes.take() is None
    for pipe in taken:
        assert pipe is not None
        pipe.close()


def test_one_with_bytes_in_it_is_thrown_away_and_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    pipes = Pipes(1)
    dirty = pipes.take()
    assert dirty is not None
    os.write(dirty.w, b"left")
    dirty.left = 4
    pipes.give(dirty)
    clean = pipes.take()
    assert clean is not None
    assert clean is not dirty
    clean.close()


def test_no_descriptor_left_is_no_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(flags: int) -> tuple[int, int]:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(os, "pipe2", none)
    assert Pipes().take() is None


def test_it_never_blocks() -> None:
    pipe = Pipe()
    with pytest.raises(BlockingIOError):
        os.read(pipe.r, 1)
    pipe.close()

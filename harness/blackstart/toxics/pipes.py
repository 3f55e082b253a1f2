"""Pipes through which the kernel moves bulk data from socket to socket, without the bytes coming here.

Few, and shared: a connection has one only while bulk is under way, so that an idle one costs no descriptor.
"""

from __future__ import annotations

import fcntl
import os
from typing import Final

__all__ = ["SIZE", "Pipe", "Pipes"]

SIZE: Final = 1 << 20
"""Bytes a pipe holds: the most that the kernel gives to anybody without asking the administrator."""

MOST: Final = 32
"""Pipes of one process. Bulk connections beyond that are copied, which is slower and as right."""


class Pipe:
    """`left`: bytes in it that are still to be written."""

    __slots__ = ("left", "r", "w")

    def __init__(self) -> None:
        self.r, self.w = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.left = 0
        try:
            fcntl.fcntl(self.w, fcntl.F_SETPIPE_SZ, SIZE)
        except OSError:
            pass  # this user has his share of large pipes already: a small one is slower, and as right

    def close(self) -> None:
        os.close(self.r)
        os.close(self.w)


class Pipes:
    """The pool. Made when first needed, kept for the next."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._made = 0
        self._free: list[Pipe] = []

    def take(self) -> Pipe | None:
        """An empty pipe; None when all are taken or the process has no descriptor left."""
        if self._free:
            return self._free.pop()
        if self._made >= self._most:
            return None
        try:
            pipe = Pipe()
        except OSError:
            return None
        self._made += 1
        return pipe

    def give(self, pipe: Pipe) -> None:
        """Back. One with bytes left in it is thrown away with them."""
        if pipe.left:
            pipe.close()
            self._made -= 1
        else:
            self._free.append(pipe)

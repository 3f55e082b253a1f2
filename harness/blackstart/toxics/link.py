"""One direction of one connection: from the socket that sends to the socket that gets.

Without toxics bytes go straight on: small ones by one recv and one send, bulk through a pipe by splice. With toxics
they pass a chain of effects. What the receiver does not take waits here, and then the sender is held back.
"""

from __future__ import annotations

import os
import socket
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from blackstart.toxics.chain import Chain
from blackstart.toxics.effects.base import CLOSE, DATA, END, RESET, Bytes, Piece
from blackstart.toxics.loop import IN, OUT, Timer
from blackstart.toxics.pipes import SIZE

if TYPE_CHECKING:
    from blackstart.toxics.connection import Connection, Peer
    from blackstart.toxics.model import Toxic
    from blackstart.toxics.pipes import Pipe

__all__ = ["Link"]

_READ: Final = 65_536
"""Bytes of one read. A full one means that bulk is under way."""

_PIECE: Final = 32_768
"""Bytes of one read with toxics: the pieces that they act on, as large as Toxiproxy's."""

_BACKLOG: Final = 65_536
"""Bytes that may wait for the receiver before the sender is held back."""

_ROUNDS: Final = 8
"""Times a link splices before the others have their turn."""

_FLAGS: Final = getattr(os, "SPLICE_F_MOVE", 1) | getattr(os, "SPLICE_F_NONBLOCK", 2)


class Link:
    """One direction. The connection owns it and both sockets; the loop calls `readable` and `writable`."""

    __slots__ = (
        "_bulk",
        "_chain",
        "_connection",
        "_count",
        "_ended",
        "_final",
        "_held",
        "_out",
        "_pipe",
        "_sink",
        "_source",
        "_timer",
        "_waiting",
        "direct",
        "done",
        "stream",
    )

    def __init__(self, connection: Connection, stream: str, source: Peer, sink: Peer) -> None:
        self._connection = connection
        self.stream = stream
        self._source = source
        self._sink = sink
        self._count = connection.proxy.traffic.of(stream)
        self._chain: Chain | None = None
        self._out: deque[Bytes] = deque()
        self._waiting = 0  # bytes in _out
        self._pipe: Pipe | None = None
        self._timer: Timer | None = None
        self._bulk = False  # the last time there was a lot: splice without looking
        self._held = False  # a stage asked not to read
        self._ended = False  # the sender has closed, or failed
        self._final = DATA  # how this direction ends once everything is written
        self.direct = True  # nothing between the sockets: no toxic, no stage, no backlog
        self.done = False

    # What the loop calls.

    def readable(self) -> None:
        """The sender's socket has bytes, an end or an error."""
        if self.direct:
            self._pass_on()
            return
        data = self._read(_PIECE)
        if data:
            stage = self._connection.stage
            if stage is not None:
                stage.came(self, data)
            else:
                self.feed(data)

    def writable(self) -> None:
        """The receiver's socket takes more."""
        if self._flush():
            self._drained()

    def _pass_on(self) -> None:
        if self._bulk:
            self._splice()
            return
        data = self._read(_READ)
        if data:
            if self._send(data) == len(data):
                if len(data) == _READ:
                    self._splice()
            else:
                self._arrange()

    def _read(self, size: int) -> bytes:
        try:
            data = self._source.sock.recv(size)
        except BlockingIOError:
            return b""
        except OSError:
            self._source_over(RESET)
            return b""
        if data:
            self._count.received += len(data)
        else:
            self._source_over(END)
        return data

    # What a stage or the connection calls.

    def feed(self, data: Bytes) -> None:
        """Bytes for the receiver, through the toxics of this direction."""
        if self._final != DATA or self.done:
            return
        if self._chain is not None:
            self._chain.put(Piece(self._connection.loop.now(), data))
            self.pump()
        else:
            self._write(data)
            self._arrange()

    def end(self, kind: int = END) -> None:
        """An end for the receiver, after everything that was fed before."""
        if self._chain is not None:
            self._chain.put(Piece(self._connection.loop.now(), b"", kind))
            self.pump()
        else:
            self.put(Piece(0, b"", kind))
            self._arrange()

    def hold(self) -> None:
        """Read nothing more from the sender, until `resume`."""
        self._held = True
        self._arrange()

    def resume(self) -> None:
        self._held = False
        self._arrange()

    def restage(self) -> None:
        """The connection's stage came or went."""
        self._arrange()

    # Toxics.

    def affected_by(self, toxic: Toxic) -> bool:
        return self._chain is not None and toxic in self._chain

    def add(self, toxic: Toxic, effect: Any) -> None:
        if self._chain is None:
            self._chain = Chain(self)
        self._chain.add(toxic, effect, self._connection.proxy.toxics)
        self.pump()

    def update(self, toxic: Toxic) -> None:
        self.pump()  # what was due before the change; it may end all
        if self._chain is not None:
            self._chain.update(toxic, self._connection.loop.now())
            self.pump()

    def remove(self, toxic: Toxic) -> None:
        self.pump()
        if self._chain is not None:
            self._chain.remove(toxic, self._connection.loop.now())
            self.pump()
            if not self._chain:
                self._chain = None
                self._arrange()

    def pump(self) -> None:
        """Move what is due through the chain, and see to it that this is called when more is."""
        if self._chain is None or self._connection.closed:
            return
        self._chain.run(self._connection.loop.now())
        self._arrange()
        self._time()

    def _time(self) -> None:
        """Have `pump` called when something is due next, and at no other time."""
        due = None if self._chain is None else self._chain.next_due()  # it is gone when a toxic closed all
        if self._timer is not None:
            if self._timer.when == due and self._timer.waiting:
                return
            self._timer.cancel()
        self._timer = None if due is None else self._connection.loop.call_at(due, self.pump)

    # The chain's sink.

    def put(self, piece: Piece) -> None:
        """What has passed the toxics."""
        if self.done or self._final != DATA:
            return
        if piece.kind == DATA:
            self._write(piece.data)
        elif piece.kind == RESET:
            self._connection.reset()
        else:
            self._final = piece.kind
            if not self._backlog():
                self._finish()

    def room(self) -> bool:
        return self._waiting < _BACKLOG

    # Ends.

    def close(self) -> None:
        """The connection is over: give back what this link holds."""
        self.done = True
        self._out.clear()
        self._chain = None
        if self._timer is not None:
            self._timer.cancel()
        self._drop_pipe()

    def _source_over(self, kind: int) -> None:
        self._ended = True
        self._bulk = False
        stage = self._connection.stage
        if stage is not None and kind == END:
            stage.ended(self)
            self._arrange()
        else:
            self.end(kind)

    def _finish(self) -> None:
        """Everything is written: hand on the end."""
        if self._final == CLOSE:
            self._connection.close()
            return
        self.done = True
        try:
            self._sink.sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the receiver is gone: its other direction tells
        self._connection.half_done()
        self._arrange()

    def _sink_failed(self) -> None:
        """The receiver takes nothing more. What it sent before that is still to be read, by the other link, which
        then sees its end or its error; here is nothing left to do.
        """
        self.close()
        self._ended = True
        self._arrange()
        self._connection.half_done()

    # Writing.

    def _write(self, data: Bytes) -> None:
        if self._backlog():
            self._out.append(data)
            self._waiting += len(data)
        else:
            self._send(data)

    def _send(self, data: Bytes) -> int:
        """Write now what goes, keep the rest. Returns how much went."""
        try:
            sent = self._sink.sock.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._sink_failed()
            return 0
        self._count.sent += sent
        if sent < len(data):
            self._out.appendleft(memoryview(data)[sent:])
            self._waiting += len(data) - sent
        return sent

    def _flush(self) -> bool:
        """Write what waits, as far as the receiver takes it. True when nothing is left."""
        pipe = self._pipe
        if pipe is not None:
            if not self._empty(pipe):
                return False
            self._drop_pipe()
        while self._out:
            data = self._out.popleft()
            self._waiting -= len(data)
            if self._send(data) < len(data):
                return False
        return not self.done

    def _drained(self) -> None:
        if self._final != DATA:
            self._finish()
        elif self._chain is not None:
            self.pump()
        else:
            self._arrange()

    def _backlog(self) -> bool:
        return self._pipe is not None or bool(self._out)

    # Bulk.

    def _splice(self) -> None:
        """Move bytes from socket to socket through a pipe, as long as there are some and they go."""
        pipe = self._connection.pipes.take()
        if pipe is None:
            self._bulk = False
            return
        self._pipe = pipe
        moved = self._rounds(pipe)
        self._bulk = moved >= _READ and not self._ended
        if not pipe.left:
            self._drop_pipe()
        self._arrange()

    def _rounds(self, pipe: Pipe) -> int:
        moved = 0
        for _ in range(_ROUNDS):
            try:
                size = os.splice(self._source.fd, pipe.w, SIZE, flags=_FLAGS)
            except BlockingIOError:
                break
            except OSError:
                self._drop_pipe()
                self._source_over(RESET)
                break
            if size == 0:
                self._drop_pipe()
                self._source_over(END)
                break
            self._count.received += size
            pipe.left = size
            moved += size
            if not self._empty(pipe):
                break
        return moved

    def _empty(self, pipe: Pipe) -> bool:
        """Write what is in the pipe. True when all of it went."""
        try:
            while pipe.left:
                sent = os.splice(pipe.r, self._sink.fd, pipe.left, flags=_FLAGS)
                pipe.left -= sent
                self._count.sent += sent
        except BlockingIOError:
            return False
        except OSError:
            self._sink_failed()
            return False
        return True

    def _drop_pipe(self) -> None:
        pipe, self._pipe = self._pipe, None
        if pipe is not None:
            self._connection.pipes.give(pipe)
            pipe.left = 0

    # What epoll is to tell.

    def _arrange(self) -> None:
        """Ask for the events that this link can use, in its present state."""
        if self._connection.closed:
            return
        backlog = self._backlog()
        self.direct = self._chain is None and self._connection.stage is None and not backlog
        room = not backlog if self._chain is None else self._chain.room()
        self._source.want(IN, room and not self._ended and not self._held)
        self._sink.want(OUT, backlog and not self.done)

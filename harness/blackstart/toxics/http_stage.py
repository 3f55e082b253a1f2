"""What sits in an HTTP connection while a toxic of it may answer in the server's place.

One request at a time: the next is looked at when the answer to the one before is over, so that answers keep their
order. Bytes are passed on as they are. What is not HTTP/1.1, or stops being it, is passed on unread.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

from blackstart.toxics.http_messages import (
    Body,
    Head,
    NotHttp,
    Response,
    begins_request,
    head_length,
    may_begin_request,
    request_body,
    request_head,
)
from blackstart.toxics.http_wait import Wait

if TYPE_CHECKING:
    from blackstart.toxics.connection import Connection
    from blackstart.toxics.effects.base import Bytes
    from blackstart.toxics.link import Link
    from blackstart.toxics.loop import Timer

__all__ = ["LARGEST_DROPPED", "LINGER_NS", "HttpStage", "Verdict"]

LARGEST_DROPPED: Final = 1024 * 1024
"""Bytes of a refused request's body that are read and dropped to keep the connection. A larger one is closed on."""

LINGER_NS: Final = 5_000_000_000
"""How long a client that was told of the close may go on sending: a close before it has read would lose the answer."""

_MOST_HELD: Final = 65_536
"""Bytes of later requests that wait here before the client is held back."""


class Verdict(Protocol):
    """What becomes of a request that a toxic is for."""

    def delay_ns(self) -> int:
        """How long it waits, in all, by what the toxics say now."""

    def answer(self, *, close: bool) -> bytes | None:
        """The answer instead of the server's; None: it goes on to the server."""


Judge = Callable[[Head], Verdict | None]


class HttpStage:
    """A `connection.Stage`. `judge` is asked once for each request.

    Put on a live connection (`fresh` false) it begins with the first bytes of the client that begin with a request
    line: what is under way then is none of its business.
    """

    def __init__(self, connection: Connection, judge: Judge, *, fresh: bool) -> None:
        self._connection = connection
        self._judge = judge
        self._in_step = fresh  # we know where messages begin
        self._passing = False  # not HTTP/1.1 any more
        self._closing = False  # the answer said so: what the client still sends is dropped
        self._leaving = False  # no toxic needs us
        self._input = bytearray()  # from the client, not looked at yet
        self._holding = False
        self._body: Body | None = None  # of the request under way
        self._dropping = False  # that body goes nowhere
        self._dropped = 0
        self._owed: tuple[Head, Verdict] | None = None  # the request that we are to answer
        self._response: Response | None = None  # of the server, to the request that went on
        self._wait = Wait(connection.loop, self._go_on)  # of the request under way
        self._lingering: Timer | None = None
        self._client_ended = False  # and the server has not been told
        self._server_ended = False

    # What the connection calls.

    def came(self, link: Link, data: Bytes) -> None:
        if link is self._connection.up:
            self._input += data
            self._go_on()
        else:
            self._from_server(bytes(data))

    def ended(self, link: Link) -> None:
        if link is self._connection.up:
            self._client_ended = True
            self._go_on()
        else:
            self._server_ended = True
            if self._owed is None and not self._closing:
                self._connection.down.end()

    def closed(self) -> None:
        self._wait.stop()
        if self._lingering:
            self._lingering.cancel()

    # What the listener calls when toxics came, changed or went.

    def stay(self) -> None:
        """There are toxics for this connection; what waits does so by their values of now."""
        self._leaving = False
        self._wait.retime()
        self._go_on()

    def leave(self) -> None:
        """There are none: get out of the way, as soon as what was begun is over. What waits does not wait longer."""
        self._leaving = True
        self._wait.hurry()
        self._go_on()

    # One step after the other.

    def _go_on(self) -> None:
        """Do what can be done with what has come."""
        try:
            while self._step():
                pass
        except NotHttp:
            self._give_up()
        if self._connection.closed:
            return
        self._end_upstream()
        if self._leaving and not (self._closing or self._owed or self._wait.on):
            self._go_away()
        else:
            self._hold_back()

    def _step(self) -> bool:
        """One more thing; whether there may be another."""
        if self._closing:
            self._input.clear()
            return False
        if self._passing or not (self._in_step or begins_request(self._input)):
            self._pass(len(self._input))
            return False
        self._in_step = True
        if self._wait.on or (not self._input and not self._owed):
            return False
        if self._body is not None:
            return self._take_body(self._body)
        if self._owed:
            return self._answer(*self._owed)
        return self._response is None and self._begin()

    def _begin(self) -> bool:
        """Read the head of the next request, when it is whole, and decide."""
        if self._input.startswith(b"\r\n"):
            self._pass(2)  # a line too many after the last body, as some clients send (RFC 9112, 2.2)
            return True
        if not may_begin_request(self._input):
            raise NotHttp("no request")
        length = head_length(self._input)
        if not length:
            return False
        head = request_head(bytes(self._input[:length]))
        body = request_body(head)
        verdict = self._judge(head)
        self._body = None if body.done else body
        if verdict is not None and verdict.answer(close=False) is not None:
            self._refuse(head, verdict, length)
        elif verdict is not None:
            self._wait.begin(verdict.delay_ns, lambda: self._forward(head, length))
        else:
            self._forward(head, length)
        return True

    def _forward(self, head: Head, length: int) -> None:
        self._response = Response(head)
        self._pass(length)

    def _refuse(self, head: Head, verdict: Verdict, length: int) -> None:
        del self._input[:length]
        self._owed = head, verdict
        self._dropping = self._body is not None
        self._dropped = 0
        if self._dropping and head.waits:
            self._answer_early()

    def _take_body(self, body: Body) -> bool:
        if not self._input:
            return False
        size = body.take(bytes(self._input))
        if self._dropping:
            del self._input[:size]
            self._dropped += size
            if self._dropped > LARGEST_DROPPED and not body.done:
                self._answer_early()
        else:
            self._pass(size)
        if body.done:
            self._body, self._dropping = None, False
        return True

    def _answer_early(self) -> None:
        """Without the rest of the body, which may never come: no request can follow, so the connection ends."""
        assert self._owed
        _, verdict = self._owed
        self._body, self._dropping = None, False
        self._wait.begin(verdict.delay_ns, lambda: self._say(verdict, close=True))

    def _answer(self, head: Head, verdict: Verdict) -> bool:
        self._wait.begin(verdict.delay_ns, lambda: self._say(verdict, close=head.closes))
        return True

    def _say(self, verdict: Verdict, *, close: bool) -> None:
        self._owed = None
        said = verdict.answer(close=close)
        assert said is not None
        self._connection.down.feed(said)
        if close or self._server_ended:
            self._close()

    def _close(self) -> None:
        """End towards the client, and drop what it sends until it has closed, too, or for a while."""
        self._closing = True
        self._connection.down.end()
        loop = self._connection.loop

        def over() -> None:
            if self._connection.down.done:
                self._connection.close()
            else:
                self._lingering = loop.call_at(loop.now() + LINGER_NS, over)

        self._lingering = loop.call_at(loop.now() + LINGER_NS, over)

    # The server.

    def _from_server(self, data: bytes) -> None:
        if self._closing:
            return
        self._connection.down.feed(data)
        if self._response is None or self._connection.closed:
            return
        try:
            self._response.watch(data)
        except NotHttp:
            self._response.tunnel = True
        if self._response.tunnel:
            self._give_up()
        elif not self._response.done:
            return
        self._response = None
        self._go_on()

    # Towards the server.

    def _pass(self, size: int) -> None:
        if size:
            data = bytes(self._input[:size])
            del self._input[:size]
            self._connection.up.feed(data)

    def _give_up(self) -> None:
        """From here on nobody can say where a message begins: pass everything on, as if we were not there."""
        if self._owed:  # but never a part of what was refused
            self._answer_early()
            return
        self._passing = True
        self._response = self._body = None
        self._pass(len(self._input))

    def _end_upstream(self) -> None:
        """Hand on the client's end, once nothing is to come before it."""
        if not self._client_ended or self._wait.on:
            return
        if self._owed:  # a body that was to be dropped, and will never be whole
            self._connection.close()
        elif self._response is None or not self._input:
            self._pass(len(self._input))
            self._client_ended = False
            self._connection.up.end()

    def _hold_back(self) -> None:
        if (len(self._input) > _MOST_HELD) is not self._holding:
            self._holding = not self._holding
            if self._holding:
                self._connection.up.hold()
            else:
                self._connection.up.resume()

    def _go_away(self) -> None:
        self._pass(len(self._input))
        self._hold_back()
        self._end_upstream()
        if not self._connection.closed:
            self._connection.stage = None

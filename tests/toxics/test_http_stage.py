"""The stage between a client and a server, without either: bytes in, bytes out, a clock moved by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackstart.toxics import http_stage
from blackstart.toxics.http_messages import Head, request_body, request_head
from blackstart.toxics.http_stage import LARGEST_DROPPED, LINGER_NS, HttpStage
from blackstart.toxics.loop import MS, Loop

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
NO = b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"
NO_MORE = b"HTTP/1.1 503 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@dataclass
class Way:
    """One direction: what was fed to it."""

    fed: bytearray = field(default_factory=bytearray)
    ends: int = 0
    held: bool = False
    done: bool = False

    def feed(self, data: bytes) -> None:
        assert not self.ends, "bytes after the end"
        self.fed += data

    def end(self) -> None:
        self.ends += 1
        self.done = True

    def hold(self) -> None:
        self.held = True

    def resume(self) -> None:
        self.held = False

    def take(self) -> bytes:
        taken = bytes(self.fed)
        self.fed.clear()
        return taken


@dataclass
class Refusal:
    """A verdict whose delay can change while it is waited for."""

    answers: bool = True
    delay_ms: int = 0

    def delay_ns(self) -> int:
        return self.delay_ms * MS

    def answer(self, *, close: bool) -> bytes | None:
        if not self.answers:
            return None
        return NO_MORE if close else NO


class Line:
    """A stage with all that it calls."""

    def __init__(self, judge: Callable[[Head], Refusal | None] | None = None, *, fresh: bool = True) -> None:
        self.now_ms = 0
        self.loop = Loop(lambda: self.now_ms * MS)
        self.up, self.down = Way(), Way()
        self.closed = False
        self.asked: list[str] = []
        self._judge = judge or (lambda head: Refusal() if head.path == "/no" else None)
        made = HttpStage(cast(Any, self), self.judge, fresh=fresh)
        self.stage: HttpStage | None = made
        self.made = made

    @property
    def there(self) -> bool:
        """Whether the stage has not left."""
        return self.stage is not None

    def judge(self, head: Head) -> Refusal | None:
        self.asked.append(head.path)
        return self._judge(head)

    def client(self, data: bytes) -> None:
        if self.stage:
            self.made.came(cast(Any, self.up), data)
        else:
            self.up.feed(data)

    def server(self, data: bytes) -> None:
        if self.stage:
            self.made.came(cast(Any, self.down), data)
        else:
            self.down.feed(data)

    def client_ends(self) -> None:
        self.made.ended(cast(Any, self.up))

    def server_ends(self) -> None:
        self.made.ended(cast(Any, self.down))

    def close(self) -> None:
        self.closed = True

    def wait_ms(self, long: int) -> None:
        self.now_ms += long
        self.loop.run_due()


@pytest.fixture
def line() -> Iterator[Line]:
    made = Line()
    yield made
    made.loop.close()


def get(path: str = "/", fields: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n{fields}\r\n".encode()


def put(path: str, body: bytes, fields: str = "") -> bytes:
    return get(path, f"Content-Length: {len(body)}\r\n{fields}").replace(b"GET", b"PUT") + body


def chunked(path: str, *parts: bytes) -> bytes:
    body = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (*parts, b""))
    return get(path, "Transfer-Encoding: chunked\r\n").replace(b"GET", b"PUT") + body


class TestPassing:
    def test_request_and_answer_go_through_as_they_are(self, line: Line) -> None:
        line.client(get())
        assert line.up.take() == get()
        line.server(OK)
        assert line.down.take() == OK

    def test_the_head_waits_until_it_is_whole_and_the_body_does_not(self, line: Line) -> None:
        request = put("/", b"12345")
        line.client(request[:-10])
        assert line.up.take() == b""
        line.client(request[-10:-2])
        assert line.up.take() == request[:-2]
        line.client(request[-2:])
        assert line.up.take() == request[-2:]

    def test_pipelined_requests_go_one_at_a_time(self, line: Line) -> None:
        line.client(get("/1") + get("/2") + get("/3"))
        for path in ("/1", "/2", "/3"):
            assert line.up.take() == get(path)
            line.server(OK)
        assert line.down.take() == OK * 3

    def test_an_early_answer_does_not_cut_the_body(self, line: Line) -> None:
        request = put("/", b"12345")
        line.client(request[:-3])
        line.server(OK)
        line.client(request[-3:] + get("/2"))
        assert line.up.take() == request + get("/2")

    def test_continue_is_the_server_s_to_say(self, line: Line) -> None:
        request = put("/", b"12345", "Expect: 100-continue\r\n")
        line.client(request[:-5])
        assert line.up.take() == request[:-5]
        line.server(b"HTTP/1.1 100 Continue\r\n\r\n")
        line.client(request[-5:])
        line.server(OK)
        line.client(get())
        assert line.up.take() == request[-5:] + get()

    def test_an_empty_line_between_requests(self, line: Line) -> None:
        line.client(b"\r\n" + get("/no"))
        assert (line.up.take(), line.down.take()) == (b"\r\n", NO)

    @pytest.mark.parametrize(
        "data", [b"\x16\x03\x01\x02", b"SSH-2.0-x\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
    )
    def test_what_is_no_http_passes_at_once_and_for_ever(self, line: Line, data: bytes) -> None:
        line.client(data)
        assert line.up.take() == data
        line.client(get("/no"))
        assert line.up.take() == get("/no")
        assert line.asked == []

    def test_nor_what_a_server_says_that_is_none(self, line: Line) -> None:
        line.client(get())
        line.server(b"+OK\r\n\r\n")
        line.client(get("/no"))
        assert line.up.take() == get() + get("/no")
        assert line.down.take() == b"+OK\r\n\r\n"

    def test_after_an_upgrade_it_is_only_bytes(self, line: Line) -> None:
        line.client(get("/", "Upgrade: websocket\r\nConnection: Upgrade\r\n") + b"\x81\x05")
        line.up.take()
        line.server(b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x00")
        assert line.up.take() == b"\x81\x05"
        line.client(get("/no"))
        assert line.up.take() == get("/no")

    def test_what_was_held_back_for_an_upgrade_goes_on(
        self, line: Line, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(http_stage, "_MOST_HELD", 100)
        line.client(get("/", "Upgrade: x\r\n") + bytes(200))
        assert line.up.held
        line.server(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
        assert not line.up.held
        assert line.up.take().endswith(bytes(200))

    def test_an_upgrade_that_the_server_declines(self, line: Line) -> None:
        line.client(get("/", "Upgrade: h2c\r\n"))
        line.server(OK)
        line.client(get("/no"))
        assert line.down.take() == OK + NO

    def test_connect(self, line: Line) -> None:
        line.client(b"CONNECT a:1 HTTP/1.1\r\n\r\n")
        line.server(b"HTTP/1.1 200 OK\r\n\r\n")
        line.up.take()
        line.client(get("/no"))
        assert line.up.take() == get("/no")


class TestRefusing:
    def test_the_server_never_hears_of_it(self, line: Line) -> None:
        line.client(get("/no"))
        assert (line.up.take(), line.down.take()) == (b"", NO)

    @pytest.mark.parametrize("body", [put("/no", b"12345"), chunked("/no", b"12", b"345")])
    def test_the_body_is_dropped_and_the_connection_kept(self, line: Line, body: bytes) -> None:
        line.client(body[:-1])
        assert line.down.take() == b""
        line.client(body[-1:] + get("/yes"))
        assert (line.up.take(), line.down.take()) == (get("/yes"), NO)
        assert not line.closed

    def test_answers_keep_the_order_of_requests(self, line: Line) -> None:
        line.client(get("/1") + get("/no") + get("/2"))
        assert (line.up.take(), line.down.take()) == (get("/1"), b"")
        line.server(OK)
        assert (line.up.take(), line.down.take()) == (get("/2"), OK + NO)

    def test_a_client_that_closes_gets_its_answer_and_the_end(self, line: Line) -> None:
        line.client(get("/no", "Connection: close\r\n"))
        assert (line.down.take(), line.down.ends) == (NO_MORE, 1)
        line.client(b"whatever it still sends")
        assert line.up.take() == b""
        line.client_ends()
        assert line.up.ends == 1

    def test_one_that_never_closes_is_closed_on_after_a_while(self, line: Line) -> None:
        line.client(get("/no", "Connection: close\r\n"))
        line.wait_ms(LINGER_NS // MS - 1)
        assert not line.closed
        line.wait_ms(1)
        assert line.closed

    def test_but_not_before_it_has_read_its_answer(self, line: Line) -> None:
        line.client(get("/no", "Connection: close\r\n"))
        line.down.done = False
        line.wait_ms(LINGER_NS // MS)
        assert not line.closed
        line.down.done = True
        line.wait_ms(LINGER_NS // MS)
        assert line.closed

    def test_a_client_that_waits_to_send_its_body_is_answered_at_once(self, line: Line) -> None:
        """And the connection ends: nobody knows whether its body will follow."""
        line.client(put("/no", b"12345", "Expect: 100-continue\r\n")[:-5])
        assert (line.down.take(), line.down.ends) == (NO_MORE, 1)

    def test_a_body_that_is_too_large_to_read_to_the_end(self, line: Line) -> None:
        request = put("/no", bytes(LARGEST_DROPPED + 2))
        line.client(request[:-2])
        assert line.down.take() == b""
        line.client(request[-2:-1])
        assert (line.down.take(), line.down.ends) == (NO_MORE, 1)

    def test_a_body_that_breaks_the_rules_of_chunks(self, line: Line) -> None:
        line.client(get("/no", "Transfer-Encoding: chunked\r\n") + b"zzz\r\n")
        assert (line.up.take(), line.down.take(), line.down.ends) == (b"", NO_MORE, 1)

    def test_a_client_that_goes_away_in_the_middle_of_its_body(self, line: Line) -> None:
        line.client(put("/no", b"12345")[:-1])
        line.client_ends()
        assert line.closed

    def test_a_server_that_goes_away_does_not_take_the_answer_with_it(self, line: Line) -> None:
        request = put("/no", b"12345")
        line.client(request[:-1])
        line.server_ends()
        assert line.down.ends == 0
        line.client(request[-1:])
        assert (line.down.take(), line.down.ends) == (NO, 1)


class TestWaiting:
    @pytest.fixture
    def verdict(self) -> Refusal:
        return Refusal(delay_ms=100)

    @pytest.fixture
    def slow(self, verdict: Refusal) -> Iterator[Line]:
        made = Line(lambda head: verdict)
        yield made
        made.loop.close()

    def test_the_answer_comes_then(self, slow: Line) -> None:
        slow.client(get())
        slow.wait_ms(99)
        assert slow.down.take() == b""
        slow.wait_ms(1)
        assert slow.down.take() == NO

    def test_a_request_goes_on_then_with_what_came_after_it(self, slow: Line, verdict: Refusal) -> None:
        verdict.answers = False
        slow.client(put("/", b"12345")[:-2])
        slow.client(b"45")
        slow.wait_ms(99)
        assert slow.up.take() == b""
        slow.wait_ms(1)
        assert slow.up.take() == put("/", b"12345")

    def test_new_values_hold_for_what_waits(self, slow: Line, verdict: Refusal) -> None:
        slow.client(get())
        slow.wait_ms(50)
        verdict.delay_ms = 70
        slow.made.stay()
        slow.wait_ms(19)
        assert slow.down.take() == b""
        slow.wait_ms(1)
        assert slow.down.take() == NO

    def test_less_than_it_has_waited_is_now(self, slow: Line, verdict: Refusal) -> None:
        verdict.answers = False
        slow.client(get("/1"))
        slow.wait_ms(50)
        verdict.delay_ms = 10
        slow.made.stay()
        assert slow.up.take() == get("/1")

    def test_when_the_toxics_go_nobody_waits(self, slow: Line, verdict: Refusal) -> None:
        verdict.answers = False
        slow.client(get())
        slow.made.leave()
        assert (slow.up.take(), slow.stage) == (get(), None)

    def test_an_answer_that_waits_is_given_when_they_go(self, slow: Line) -> None:
        slow.client(get())
        slow.made.leave()
        assert (slow.down.take(), slow.stage) == (NO, None)

    def test_a_client_that_ends_while_it_waits(self, slow: Line, verdict: Refusal) -> None:
        verdict.answers = False
        slow.client(get())
        slow.client_ends()
        assert slow.up.ends == 0
        slow.wait_ms(100)
        assert (slow.up.take(), slow.up.ends) == (get(), 1)

    def test_a_server_that_ends_while_an_answer_waits(self, slow: Line) -> None:
        slow.client(get())
        slow.server_ends()
        assert slow.down.ends == 0
        slow.wait_ms(100)
        assert (slow.down.take(), slow.down.ends) == (NO, 1)

    def test_closed_nothing_happens_any_more(self, slow: Line) -> None:
        slow.client(get())
        slow.made.closed()
        slow.wait_ms(1_000)
        assert slow.down.take() == b""

    def test_the_client_is_held_back_meanwhile(self, slow: Line, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(http_stage, "_MOST_HELD", 100)
        slow.client(get("/1"))
        assert not slow.up.held
        slow.client(get("/2") * 4)
        assert slow.up.held
        for _ in range(5):
            slow.wait_ms(100)
        assert not slow.up.held
        assert slow.down.take() == NO * 5


class TestEnds:
    def test_of_the_client(self, line: Line) -> None:
        line.client(get())
        line.client_ends()
        line.server(OK)
        assert (line.up.take(), line.up.ends, line.down.take()) == (get(), 1, OK)

    def test_of_the_client_with_requests_still_to_send(self, line: Line) -> None:
        line.client(get("/1") + get("/2"))
        line.client_ends()
        assert line.up.ends == 0
        line.server(OK)
        assert (line.up.take(), line.up.ends) == (get("/1") + get("/2"), 1)

    def test_of_the_client_in_the_middle_of_a_head(self, line: Line) -> None:
        line.client(b"GET / HT")
        line.client_ends()
        assert (line.up.take(), line.up.ends) == (b"GET / HT", 1)

    def test_of_the_server(self, line: Line) -> None:
        line.client(get())
        line.server(b"HTTP/1.0 200 OK\r\n\r\nuntil the end")
        line.server_ends()
        assert line.down.ends == 1


class TestLiveConnections:
    def test_the_next_request_is_met(self) -> None:
        line = Line(fresh=False)
        line.server(b"the rest of an answer")
        line.client(get("/no"))
        assert (line.up.take(), line.down.take()) == (b"", b"the rest of an answer" + NO)
        line.loop.close()

    def test_the_rest_of_a_body_is_no_request(self) -> None:
        line = Line(fresh=False)
        line.client(b"rest of a body")
        line.server(OK)
        line.client(get("/no"))
        assert (line.up.take(), line.down.take()) == (b"rest of a body", OK + NO)
        line.loop.close()

    def test_the_stage_goes_and_leaves_nothing_behind(self, line: Line) -> None:
        line.client(get("/1") + get("/no"))
        line.made.leave()
        assert (line.up.take(), line.stage) == (get("/1") + get("/no"), None)

    def test_it_stays_until_a_body_is_dropped(self, line: Line) -> None:
        request = put("/no", b"12345")
        line.client(request[:-1])
        line.made.leave()
        assert line.there
        line.client(request[-1:])
        assert (line.up.take(), line.down.take()) == (b"", NO)
        assert not line.there

    def test_or_there_are_toxics_again(self, line: Line) -> None:
        request = put("/no", b"12345")
        line.client(request[:-1])
        line.made.leave()
        line.made.stay()
        line.client(request[-1:] + get("/no"))
        assert line.down.take() == NO * 2
        assert line.stage is not None


REQUESTS = st.lists(
    st.one_of(
        st.sampled_from([get("/yes"), get("/no"), get("/HEAD").replace(b"GET", b"HEAD")]),
        st.builds(put, st.sampled_from(["/yes", "/no"]), st.binary(max_size=40)),
        st.builds(chunked, st.sampled_from(["/yes", "/no"]), st.binary(min_size=1, max_size=20)),
    ),
    max_size=6,
)

ANSWERS = (
    OK,
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
)


def serve(line: Line, heard: bytearray, answers: list[bytes], sizes: Iterator[int]) -> None:
    """A server: an answer, in pieces, to each whole request that it has heard."""
    heard += line.up.take()
    while (found := whole_request(bytes(heard))) is not None:
        length, head_only = found
        del heard[:length]
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n" if head_only else ANSWERS[len(answers) % 3]
        answers.append(answer)
        for piece in pieces(answer, sizes):
            line.server(piece)
        heard += line.up.take()


def whole_request(data: bytes) -> tuple[int, bool] | None:
    end = data.find(b"\r\n\r\n") + 4
    if end < 4:
        return None
    head = request_head(data[:end])
    body = request_body(head)
    length = end + body.take(data[end:])
    return (length, head.method == "HEAD") if body.done else None


def pieces(data: bytes, sizes: Iterator[int]) -> Iterator[bytes]:
    while data:
        size = next(sizes)
        yield data[:size]
        data = data[size:]


@given(REQUESTS, st.lists(st.integers(1, 60), min_size=1, max_size=20))
def test_any_split_of_the_bytes_has_one_outcome(requests: list[bytes], cuts: list[int]) -> None:
    """Every request is answered, in order, by the server or by us; the server hears all the others, whole."""

    def endless() -> Iterator[int]:
        while True:
            yield from cuts

    sizes = endless()
    line = Line()
    heard, answers = bytearray(), list[bytes]()
    for piece in pieces(b"".join(requests), sizes):
        line.client(piece)
        serve(line, heard, answers, sizes)
    line.loop.close()
    server_answers = iter(answers)
    expected = b"".join(NO if b" /no " in one else next(server_answers) for one in requests)
    assert line.down.take() == expected
    assert len(answers) == sum(b" /no " not in one for one in requests)
    assert (bytes(heard), line.closed) == (b"", False)

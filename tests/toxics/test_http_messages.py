"""Where messages begin and end, however their bytes come."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackstart.toxics.http_messages import (
    LONGEST_HEAD,
    Chunked,
    Counted,
    NotHttp,
    Response,
    begins_request,
    head_length,
    may_begin_request,
    request_body,
    request_head,
)

GET = b"GET /v2/a?n=1 HTTP/1.1\r\nHost: x\r\n\r\n"


def head(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode("latin-1")


class TestRequestHead:
    def test_its_parts(self) -> None:
        read = request_head(head("PUT /v2/a?n=1 HTTP/1.1\nHost: x\nA: 1\na:  2 \nEmpty:\n\n"))
        assert (read.method, read.target, read.path, read.minor) == ("PUT", "/v2/a?n=1", "/v2/a", 1)
        assert read.fields == {"host": "x", "a": "1, 2", "empty": ""}

    def test_bare_line_feeds(self) -> None:
        data = b"GET / HTTP/1.1\nHost: x\n\n"
        assert head_length(data + b"more") == len(data)
        assert request_head(data).fields == {"host": "x"}

    @pytest.mark.parametrize(
        ("target", "path"),
        [
            ("/", "/"),
            ("/a/b", "/a/b"),
            ("/a?b=http://c/d", "/a"),
            ("http://host:1/a?b", "/a"),
            ("http://host", "/"),
            ("*", "*"),
            ("?a", "/"),
        ],
    )
    def test_the_path_of_a_target(self, target: str, path: str) -> None:
        assert request_head(head(f"GET {target} HTTP/1.1\n\n")).path == path

    @pytest.mark.parametrize(
        ("line", "fields", "closes"),
        [
            ("HTTP/1.1", "", False),
            ("HTTP/1.1", "Connection: close\n", True),
            ("HTTP/1.1", "Connection: TE, Close\n", True),
            ("HTTP/1.0", "", True),
            ("HTTP/1.0", "Connection: Keep-Alive\n", False),
        ],
    )
    def test_whether_it_closes(self, line: str, fields: str, closes: bool) -> None:
        assert request_head(head(f"GET / {line}\n{fields}\n")).closes is closes

    def test_whether_it_waits(self) -> None:
        assert request_head(head("PUT / HTTP/1.1\nExpect: 100-Continue\n\n")).waits
        assert not request_head(GET).waits

    @pytest.mark.parametrize(
        "data",
        [
            b"HELLO\r\n\r\n",
            b"GET / HTTP/2.0\r\n\r\n",
            b"GET /a b HTTP/1.1\r\n\r\n",
            b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
            b"GET / HTTP/1.1\r\nspace : x\r\n\r\n",
            b"GET / HTTP/1.1\r\n: x\r\n\r\n",
        ],
    )
    def test_what_is_none(self, data: bytes) -> None:
        with pytest.raises(NotHttp):
            request_head(data)

    def test_one_without_end_is_not_waited_for(self) -> None:
        assert head_length(GET[:-2]) == 0
        with pytest.raises(NotHttp):
            head_length(GET[:-2] + b"x" * LONGEST_HEAD)

    @given(st.integers(1, len(GET)))
    def test_each_beginning_of_one_may_become_one(self, size: int) -> None:
        assert may_begin_request(GET[:size])
        assert begins_request(GET[:size]) is (size >= GET.index(b"\n") + 1)

    @pytest.mark.parametrize(
        "data", [b"\x16\x03\x01", b" GET", b"GET / HTTP/2", b"GET / a", b"{", b"PRI * HTTP/2.0\r\n"]
    )
    def test_what_can_become_none_is_known_at_once(self, data: bytes) -> None:
        assert not may_begin_request(data)


class TestBody:
    @pytest.mark.parametrize(
        ("fields", "length"),
        [("", 0), ("Content-Length: 0\n", 0), ("Content-Length: 12\n", 12), ("Content-Length: 3, 3\n", 3)],
    )
    def test_of_known_length(self, fields: str, length: int) -> None:
        body = request_body(request_head(head(f"PUT / HTTP/1.1\n{fields}\n")))
        assert body.done is (length == 0)
        assert body.take(b"x" * 20) == length
        assert body.done

    @pytest.mark.parametrize("value", ["-1", "+3", "1, 2", "x", "", "1e3", "9" * 19])
    def test_a_length_that_is_none(self, value: str) -> None:
        with pytest.raises(NotHttp):
            request_body(request_head(head(f"PUT / HTTP/1.1\nContent-Length: {value}\n\n")))

    def test_chunked_wins_over_a_length(self) -> None:
        fields = "Content-Length: 5\nTransfer-Encoding: gzip, Chunked\n"
        assert isinstance(request_body(request_head(head(f"PUT / HTTP/1.1\n{fields}\n"))), Chunked)

    @pytest.mark.parametrize(
        "data",
        [
            b"0\r\n\r\n",
            b"5\r\nhello\r\n0\r\n\r\n",
            b"A;name=value\r\n0123456789\r\n00\r\nTrailer: x\r\nTwo: y\r\n\r\n",
            b"1\nx\n0\n\n",
        ],
    )
    @pytest.mark.parametrize("piece", [1, 2, 3, 1_000])
    def test_chunks(self, data: bytes, piece: int) -> None:
        body, taken = Chunked(), 0
        whole = data + b"GET"
        while not body.done:
            taken += body.take(whole[taken : taken + piece])
        assert taken == len(data)

    @pytest.mark.parametrize("data", [b"\r\n", b"x\r\n", b"-1\r\n", b"1\r\nxx\r\n", b"1" * 9_000])
    def test_what_is_no_chunk(self, data: bytes) -> None:
        with pytest.raises(NotHttp):
            Chunked().take(data)


def over(request: str, answer: bytes, piece: int = 1_000) -> Response:
    """A watcher that has seen an answer to a request."""
    response = Response(request_head(head(request)))
    for start in range(0, len(answer), piece):
        response.watch(answer[start : start + piece])
    return response


PLAIN = "GET / HTTP/1.1\n\n"


class TestResponse:
    @pytest.mark.parametrize("piece", [1, 7, 1_000])
    @pytest.mark.parametrize(
        ("request_text", "answer"),
        [
            (PLAIN, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
            (PLAIN, b"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"),
            (PLAIN, b"HTTP/1.1 204 No Content\r\n\r\n"),
            (PLAIN, b"HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n"),
            (PLAIN, b"HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
            ("HEAD / HTTP/1.1\n\n", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"),
            (PLAIN, b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\nx"),
            ("CONNECT a:1 HTTP/1.1\n\n", b"HTTP/1.1 407 No\r\nContent-Length: 1\r\n\r\nx"),
        ],
    )
    def test_it_is_over_with_its_last_byte(self, request_text: str, answer: bytes, piece: int) -> None:
        assert over(request_text, answer, piece).done
        assert not over(request_text, answer[:-1], piece).done

    @pytest.mark.parametrize("fields", ["", "Transfer-Encoding: gzip\r\n", "Connection: close\r\n"])
    def test_without_a_length_it_lasts_until_the_close(self, fields: str) -> None:
        answer = b"HTTP/1.1 200 OK\r\n" + fields.encode() + b"\r\n" + b"x" * 5_000
        assert not over(PLAIN, answer).done

    @pytest.mark.parametrize(
        ("request_text", "answer"),
        [
            (PLAIN, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n\x00\x01"),
            ("CONNECT a:1 HTTP/1.1\n\n", b"HTTP/1.1 200 OK\r\n\r\n\x16"),
        ],
    )
    def test_after_which_nothing_is_http(self, request_text: str, answer: bytes) -> None:
        response = over(request_text, answer)
        assert response.tunnel
        assert not response.done

    @pytest.mark.parametrize("answer", [b"hello\r\n\r\n", b"HTTP/1.1 20 OK\r\n\r\n", b"HTTP/2 200\r\n\r\n"])
    def test_what_is_no_answer(self, answer: bytes) -> None:
        with pytest.raises(NotHttp):
            over(PLAIN, answer)


@given(st.binary(max_size=300), st.lists(st.integers(1, 40), max_size=10))
def test_any_split_of_any_bytes_ends_the_same(data: bytes, sizes: list[int]) -> None:
    """Also of bytes that are no HTTP."""

    def outcome(pieces: list[bytes]) -> tuple[bool, bool, bool]:
        response = Response(request_head(GET))
        try:
            for piece in pieces:
                response.watch(piece)
        except NotHttp:
            return False, False, True
        return response.done, response.tunnel, False

    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + data
    assert outcome(split(answer, sizes)) == outcome([answer])


def split(data: bytes, sizes: list[int]) -> list[bytes]:
    pieces = []
    for size in sizes:
        pieces.append(data[:size])
        data = data[size:]
    return [*pieces, data]


@given(st.integers(0, 50), st.integers(1, 60))
def test_a_counted_body_takes_no_more_than_its_own(length: int, piece: int) -> None:
    body, taken = Counted(length), 0
    while not body.done:
        taken += body.take(b"x" * piece)
    assert taken == length

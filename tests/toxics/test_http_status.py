"""Which requests the toxic is for, what it answers, and what it refuses to be told."""

from __future__ import annotations

from typing import Any

import pytest

from blackstart.toxics.errors import ProxyRefused
from blackstart.toxics.http_messages import Head, request_head
from blackstart.toxics.http_status import TYPE, answer, matches


def request(line: str = "GET / HTTP/1.1") -> Head:
    return request_head(f"{line}\r\n\r\n".encode())


class TestMatching:
    @pytest.mark.parametrize(
        ("attributes", "line", "found"),
        [
            ({}, "GET /any HTTP/1.1", True),
            ({"method": "PUT"}, "PUT / HTTP/1.1", True),
            ({"method": "put"}, "PUT / HTTP/1.1", True),
            ({"method": "PUT"}, "GET / HTTP/1.1", False),
            ({"path": "/v2/.*"}, "GET /v2/app/manifests/1 HTTP/1.1", True),
            ({"path": "/v2/"}, "GET /v2/app HTTP/1.1", False),
            ({"path": "/token"}, "GET /token?service=x HTTP/1.1", True),
            ({"path": "/token"}, "GET http://registry/token HTTP/1.1", True),
            ({"path": "/a|/b", "method": "GET"}, "GET /b HTTP/1.1", True),
            ({"path": "/v2/token"}, "GET /v2/%74oken HTTP/1.1", True),
            ({"path": r"/v2/(.*/)?blobs/[^/]+"}, "GET /v2/app/blobs/x HTTP/1.1", True),
        ],
    )
    def test_by_method_and_by_the_whole_path(
        self, attributes: dict[str, Any], line: str, found: bool
    ) -> None:
        assert matches(TYPE.read(attributes), request(line)) is found


class TestAnswer:
    def test_of_nothing_but_defaults(self) -> None:
        expected = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
        assert answer(TYPE.read({}), request(), close=False) == expected

    def test_with_everything(self) -> None:
        attributes = TYPE.read({"status": 429, "headers": {"Retry-After": "5"}, "body": "später"})
        assert answer(attributes, request(), close=True) == (
            b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 5\r\nContent-Type: text/plain; charset=utf-8\r\n"
            b"Content-Length: 7\r\nConnection: close\r\n\r\nsp\xc3\xa4ter"
        )

    def test_a_type_of_one_s_own(self) -> None:
        attributes = TYPE.read({"headers": {"content-type": "application/json"}, "body": "{}"})
        assert answer(attributes, request(), close=False).count(b"ontent-") == 1 + 1
        assert b"text/plain" not in answer(attributes, request(), close=False)

    def test_head_has_the_length_and_no_body(self) -> None:
        said = answer(TYPE.read({"body": "12345"}), request("HEAD / HTTP/1.1"), close=False)
        assert b"Content-Length: 5\r\n" in said
        assert said.endswith(b"\r\n\r\n")

    @pytest.mark.parametrize("status", [204, 304])
    def test_statuses_without_a_body(self, status: int) -> None:
        assert b"Content-Length" not in answer(TYPE.read({"status": status}), request(), close=False)

    def test_an_old_client_that_stays(self) -> None:
        said = answer(TYPE.read({}), request("GET / HTTP/1.0"), close=False)
        assert b"\r\nConnection: keep-alive\r\n" in said

    def test_a_status_without_a_name(self) -> None:
        assert answer(TYPE.read({"status": 599}), request(), close=False).startswith(b"HTTP/1.1 599 \r\n")


@pytest.mark.parametrize(
    ("attributes", "word"),
    [
        ({"status": 99}, "status"),
        ({"status": 101}, "status"),
        ({"status": 600}, "status"),
        ({"status": "503"}, "status"),
        ({"path": "("}, "regular expression"),
        ({"path": "*"}, "regular expression"),
        ({"path": "(a+)+b"}, "stall"),
        ({"path": "((a|b)c)*"}, "stall"),
        ({"path": "(?:x[)]*){2,}"}, "stall"),
        ({"method": "GET /"}, "method"),
        ({"every": 0}, "every"),
        ({"delay": -1}, "delay"),
        ({"forward": 1}, "forward"),
        ({"headers": ["a"]}, "headers"),
        ({"headers": {"a": 1}}, "headers"),
        ({"headers": {"a b": "x"}}, "headers"),
        ({"headers": {"a": "x\r\nSet-Cookie: y"}}, "headers"),
        ({"headers": {"a": "€"}}, "headers"),
        ({"headers": {"Content-Length": "3"}}, "Content-Length"),
        ({"headers": {"connection": "close"}}, "connection"),
        ({"status": 204, "body": "x"}, "204"),
        ({"body": "\ud800"}, "body"),
        ({"statuss": 500}, "statuss"),
    ],
)
def test_what_it_refuses_in_a_sentence(attributes: dict[str, Any], word: str) -> None:
    with pytest.raises(ProxyRefused) as refused:
        TYPE.read(attributes)
    assert refused.value.status == 400
    assert word in refused.value.message
    assert " " in refused.value.message

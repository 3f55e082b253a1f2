from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from blackstart.replica.programs.httpclient import Answer, request, why


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        said = {"path": self.path, "mark": self.headers.get("X-Mark"), "body": body.decode()}
        self.send_response(201)
        self.send_header("X-Answer", "yes")
        self.end_headers()
        self.wfile.write(json.dumps(said).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def echo() -> Iterator[tuple[str, int]]:
    with HTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield ("127.0.0.1", server.server_port)
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("body", "sent"), [({"a": 1}, '{"a": 1}'), (b"raw", "raw"), (None, "")])
def test_a_question_and_its_answer(echo: tuple[str, int], body: object, sent: str) -> None:
    answer = request(echo, "POST", "/x?y=1", body=body, headers={"X-Mark": "m"}, timeout_s=30)
    assert (answer.status, answer.ok, answer.headers["x-answer"]) == (201, True, "yes")
    assert answer.json() == {"path": "/x?y=1", "mark": "m", "body": sent}


def test_nobody_there() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = closed.getsockname()
    with pytest.raises(ConnectionRefusedError):
        request(address, "GET", "/", timeout_s=30)


def test_one_who_never_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf, pytest.raises(TimeoutError) as seen:
        request(deaf.getsockname(), "GET", "/", timeout_s=0.01)
    assert why(seen.value) == "timed out"


@pytest.mark.parametrize(
    ("status", "body", "complaint"),
    [
        (503, b'{"errors": ["Vault is sealed"]}', "503 Vault is sealed"),
        (400, b'{"errors": ["one", "two"]}', "400 one; two"),
        (403, b'{"errors": ["1 error occurred:\\n\\t* denied"]}', "403 1 error occurred: * denied"),
        (404, b'{"errors": []}', "404 Not Found"),
        (401, b"<html>no</html>", "401 Unauthorized"),
        (500, b'{"errors": "odd"}', "500 Internal Server Error"),
        (799, b"", "799"),
    ],
)
def test_a_complaint_is_the_status_and_the_servers_own_words(
    status: int, body: bytes, complaint: str
) -> None:
    assert Answer(status, {}, body).complaint() == complaint


def test_what_is_no_json() -> None:
    assert Answer(200, {}, b"{").json() is None


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "connection refused"),
        (TimeoutError("timed out"), "timed out"),
        (BrokenPipeError(32, "Broken pipe"), "connection closed"),
        (http.client.RemoteDisconnected("gone"), "connection closed"),
        (OSError(113, "No route to host"), "[Errno 113] No route to host"),
        (http.client.IncompleteRead(b"x"), "IncompleteRead(1 bytes read)"),
        (ValueError(), "ValueError"),
    ],
)
def test_a_failure_in_a_few_words(error: Exception, words: str) -> None:
    assert why(error) == words


def said_once(answer: bytes) -> Answer:
    """What a server's one answer is read as; it closes the connection after it."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            peer, _ = server.accept()
            with peer:
                peer.recv(65536)
                peer.sendall(answer)
                peer.shutdown(socket.SHUT_WR)
                peer.settimeout(30)
                peer.recv(1)  # until the client has closed

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            return request(server.getsockname(), "GET", "/", timeout_s=30)
        finally:
            thread.join()


@pytest.mark.parametrize(
    "cut",
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/pl",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
    ],
)
def test_an_answer_that_is_cut_is_none(cut: bytes) -> None:
    with pytest.raises((OSError, http.client.HTTPException)):
        said_once(cut)


@pytest.mark.parametrize(
    "whole",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhi",
        b"HTTP/1.0 200 OK\r\n\r\nhi",
    ],
)
def test_every_way_to_say_where_a_body_ends(whole: bytes) -> None:
    assert said_once(whole).body == b"hi"

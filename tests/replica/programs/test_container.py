from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from blackstart.replica.programs.container import CONTAINER, Container


class Docker(socketserver.ThreadingUnixStreamServer):
    """Says what containers there are, and writes down what it was asked."""

    def __init__(self, path: Path) -> None:
        self.ids: list[str] = []
        self.kill_status = 204
        self.asked: list[str] = []
        super().__init__(str(path), _Answering)

    @property
    def host(self) -> str:
        return f"unix://{self.server_address!s}"


class _Answering(BaseHTTPRequestHandler):
    server: Docker

    def do_GET(self) -> None:
        self._answer(200, [{"Id": id} for id in self.server.ids])

    def do_POST(self) -> None:
        self._answer(self.server.kill_status, {"message": "no such signal"})

    def _answer(self, status: int, document: object) -> None:
        self.server.asked.append(self.path)
        body = b"" if status == 204 else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        return "docker's client"

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def docker(tmp_path: Path) -> Iterator[Docker]:
    with Docker(tmp_path / "docker.sock") as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def test_a_signal_goes_to_the_containers_with_both_labels(docker: Docker) -> None:
    docker.ids = ["4af8"]
    assert Container(docker.host, "INC-1", "dns").tell("USR1") == 1
    listed, killed = docker.asked
    filters = json.loads(parse_qs(urlsplit(listed).query)["filters"][0])
    assert filters["label"] == ["blackstart.drill=INC-1", "blackstart.component=dns"]
    assert killed.endswith("/containers/4af8/kill?signal=USR1")


def test_nobody_is_told_when_none_runs(docker: Docker) -> None:
    assert Container(docker.host, "INC-1", "dns").tell("USR1") == 0
    assert len(docker.asked) == 1


@pytest.mark.parametrize("status", [404, 409])
def test_one_that_ended_meanwhile_is_no_error(docker: Docker, status: int) -> None:
    docker.ids, docker.kill_status = ["4af8"], status
    assert Container(docker.host, "INC-1", "dns").tell("USR1") == 1


def test_a_refusal_has_the_words_of_docker(docker: Docker) -> None:
    docker.ids, docker.kill_status = ["4af8"], 500
    with pytest.raises(OSError, match="docker refuses: no such signal"):
        Container(docker.host, "INC-1", "dns").tell("NONE")


def test_no_docker_is_an_error_that_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"docker does not answer at unix://.*nobody\.sock"):
        Container(f"unix://{tmp_path / 'nobody.sock'}", "INC-1", "dns").tell("USR1")


def test_what_is_noted_in_a_folder_is_found_there(tmp_path: Path) -> None:
    assert Container.of(tmp_path) is None
    noted = Container("unix:///var/run/docker.sock", "INC-1", "vault")
    noted.note(tmp_path)
    assert Container.of(tmp_path) == noted


@pytest.mark.parametrize("text", ["{}", "[]", "{"])
def test_a_damaged_note_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / CONTAINER).write_text(text)
    with pytest.raises(ValueError, match=r"container\.json|delimiter|Expecting"):
        Container.of(tmp_path)

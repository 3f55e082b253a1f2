"""The harness's client against our own proxy, and against a server that answers as a real Toxiproxy does."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from toxiproxy.api import APIConsumer

from blackstart.toxics.errors import ProxyRefused
from blackstart.toxics.toxiproxy import Toxiproxy

if TYPE_CHECKING:
    from pathlib import Path

    from tests.toxics.conftest import Program, Programs

DEAD = "127.0.0.1:1"

Say = Callable[[str, str], tuple[int, str]]
"""Status and body for a method and a path."""


@pytest.fixture
def client(program: Program) -> Iterator[Toxiproxy]:
    made = Toxiproxy("127.0.0.1", program.port)
    yield made
    for name in made.proxies():
        made.delete(name)


class Answering(BaseHTTPRequestHandler):
    """Says what the test wants to each question, and keeps what was asked."""

    def answer(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        asked = json.loads(self.rfile.read(size)) if size else None
        server = self.server
        assert isinstance(server, Server)
        server.asked.append((self.command, self.path, asked, dict(self.headers)))
        status, text = server.say(self.command, self.path)
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_DELETE = do_PATCH = answer

    def log_message(self, format: str, *args: Any) -> None:
        """Not into the tests' output."""


class Server(ThreadingHTTPServer):
    """A server that is not ours. `asked`: method, path, document and headers of each call."""

    def __init__(self, say: Say) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.say = say
        self.asked: list[tuple[str, str, Any, dict[str, str]]] = []
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def close(self) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()


Servers = Callable[[Say], Server]


@pytest.fixture
def servers() -> Iterator[Servers]:
    made: list[Server] = []

    def start(say: Say) -> Server:
        made.append(Server(say))
        return made[-1]

    yield start
    for one in made:
        one.close()


def as_toxiproxy(method: str, path: str) -> tuple[int, str]:
    """A Toxiproxy 2.12.0 with one proxy and one toxic on it."""
    toxic = {"name": "t", "type": "slicer", "stream": "downstream", "toxicity": 1, "attributes": SLICES}
    if path == "/version":
        return 200, '{"version": "2.12.0"}'
    if path.startswith("/proxies/one/toxics"):
        return 200, json.dumps(toxic)
    one = {"name": "one", "listen": "[::]:80", "upstream": DEAD, "enabled": True, "Logger": {}}
    return 200, json.dumps({"one": {**one, "toxics": [toxic]}})


SLICES = {"average_size": 10, "size_variation": 2, "delay": 5}


def test_it_does_what_the_small_client_does(client: Toxiproxy) -> None:
    made = client.create("one", "127.0.0.1:0", DEAD, "http")
    assert client.proxies() == {"one": made}
    toxic = client.add("one", "latency", attributes={"latency": 5}, clients=["127.0.1.11"], ttl_ms=60_000)
    assert (toxic["name"], toxic["clients"], toxic["ttl_ms"]) == (
        "latency_downstream",
        ["127.0.1.11"],
        60_000,
    )
    assert client.update("one", toxic["name"], attributes={"jitter": 1})["attributes"] == {
        "latency": 5,
        "jitter": 1,
    }
    assert client.toxics("one") == [client.toxic("one", toxic["name"])]
    client.remove("one", toxic["name"])
    client.remove("one", toxic["name"])
    client.disable("one", ttl_ms=60_000)
    assert not client.proxy("one")["enabled"]
    client.enable("one")
    assert client.proxy("one") == made
    assert client.version().startswith("2.12.0+blackstart.")
    assert client.at == f"127.0.0.1:{client.port}"


def test_names_of_any_letters(client: Toxiproxy) -> None:
    client.create("a b?é#%", "127.0.0.1:0", DEAD)
    client.add("a b?é#%", "noop", name="100%")
    assert [one["name"] for one in client.toxics("a b?é#%")] == ["100%"]
    client.remove("a b?é#%", "100%")
    client.delete("a b?é#%")
    assert client.proxies() == {}


def test_several_servers_at_once_from_several_threads(programs: Programs) -> None:
    """The package itself has one server for the whole process."""
    before = APIConsumer.host, APIConsumer.port
    clients = {name: Toxiproxy("127.0.0.1", programs().port) for name in ("one", "two")}
    for name, client in clients.items():
        client.create(name, "127.0.0.1:0", DEAD)
    with ThreadPoolExecutor(8) as pool:
        seen = list(
            pool.map(lambda turn: (turn[0], list(clients[turn[0]].proxies())), [("one",), ("two",)] * 40)
        )
    assert seen == [("one", ["one"]), ("two", ["two"])] * 40
    assert (APIConsumer.host, APIConsumer.port) == before


@pytest.mark.parametrize(
    ("type", "attributes", "sentence"),
    [
        ("slicer", {}, "average_size must be from 1"),
        ("slicer", {"average_size": 2, "size_variation": 3}, "size_variation must be at most"),
        ("bandwidth", {}, "to let nothing through, use the toxic timeout with timeout 0"),
        ("bandwidth", {"rate": -1}, "rate must be from 1"),
        ("latency", {"latency": 1, "jitter": 2**63 - 1}, "jitter must be from 0"),
        ("reset_peer", {"timeout": 60_000}, r"longer than the 10 s that are waited for an answer; take less"),
    ],
)
def test_what_stalls_or_kills_a_toxiproxy_is_not_sent(
    servers: Servers, type: str, attributes: dict[str, int], sentence: str
) -> None:
    server = servers(as_toxiproxy)
    with pytest.raises(ProxyRefused, match=sentence) as caught:
        Toxiproxy("127.0.0.1", server.port).add("one", type, attributes=attributes)
    assert caught.value.status == 400
    assert {method for method, *_ in server.asked} <= {"GET"}


def test_an_update_is_judged_with_what_it_leaves_as_it_is(servers: Servers) -> None:
    server = servers(as_toxiproxy)
    client = Toxiproxy("127.0.0.1", server.port)
    with pytest.raises(ProxyRefused, match="size_variation must be at most average_size, 1 B, not 2"):
        client.update("one", "t", attributes={"average_size": 1})
    client.update("one", "t", attributes={"average_size": 3})
    assert [(method, asked) for method, _, asked, _ in server.asked] == [
        ("GET", None),
        ("GET", None),
        ("POST", {"attributes": {"average_size": 3}}),
    ]


@pytest.mark.parametrize(
    ("ask", "what"),
    [
        (lambda it: it.add("one", "noop", clients=["127.0.1.11"]), "a toxic for some clients only"),
        (lambda it: it.add("one", "noop", ttl_ms=5), "a time to live"),
        (lambda it: it.update("one", "t", clients=["127.0.1.11"]), "a toxic for some clients only"),
        (lambda it: it.disable("one", ttl_ms=5), "a time to live"),
        (lambda it: it.create("two", "127.0.0.1:0", DEAD, "udp"), "a proxy for udp"),
    ],
)
def test_what_a_toxiproxy_would_pass_over_is_refused(
    servers: Servers, ask: Callable[[Toxiproxy], object], what: str
) -> None:
    server = servers(as_toxiproxy)
    with pytest.raises(ProxyRefused, match=f"a Toxiproxy does not know {what}; blackstart's own proxy does"):
        ask(Toxiproxy("127.0.0.1", server.port))
    assert {method for method, *_ in server.asked} == {"GET"}


def test_a_toxiproxys_own_ways_do_not_show(servers: Servers) -> None:
    client = Toxiproxy("127.0.0.1", servers(as_toxiproxy).port)
    assert client.version() == "2.12.0"
    one = client.proxies()["one"]
    assert one["protocol"] == "tcp"
    assert [toxic["name"] for toxic in one["toxics"]] == ["t"]
    assert "Logger" not in one


@pytest.mark.parametrize("name", ["a/b", "..", "."])
def test_names_that_could_not_be_taken_away_again(client: Toxiproxy, name: str) -> None:
    client.create("one", "127.0.0.1:0", DEAD)
    with pytest.raises(ProxyRefused, match="cannot be said in a path"):
        client.add("one", "noop", name=name)
    with pytest.raises(ProxyRefused, match="cannot be said in a path"):
        client.create(name, "127.0.0.1:0", DEAD)


@pytest.mark.parametrize("status", [400, 404, 405, 409, 500, 503])
def test_every_refusal_has_its_status_and_sentence(servers: Servers, status: int) -> None:
    """The package raises for three of them, each with another class, and passes over the rest."""
    said = json.dumps({"error": "no, for a reason", "status": status})
    client = Toxiproxy("127.0.0.1", servers(lambda method, path: (status, said)).port)
    with pytest.raises(ProxyRefused) as caught:
        client.proxies()
    assert (caught.value.status, caught.value.message) == (status, "no, for a reason")


def test_somebody_elses_server(servers: Servers) -> None:
    client = Toxiproxy("127.0.0.1", servers(lambda method, path: (200, "<html>hello</html>")).port)
    with pytest.raises(ProxyRefused, match="this is no fault proxy: it says <html>hello"):
        client.proxies()


def test_nobody_there_is_said_as_the_standard_library_does() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        with pytest.raises(ConnectionRefusedError):
            Toxiproxy("127.0.0.1", sock.getsockname()[1]).proxies()


def test_one_that_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(TimeoutError, match="timed out"):
        Toxiproxy("127.0.0.1", silent.getsockname()[1], timeout=0.01).proxies()


def test_one_that_hangs_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        hanging_up = threading.Thread(target=lambda: server.accept()[0].close())
        hanging_up.start()
        with pytest.raises(ConnectionError):
            Toxiproxy("127.0.0.1", server.getsockname()[1]).proxies()
        hanging_up.join()


def test_the_users_http_proxy_and_netrc_are_not_for_it(
    servers: Servers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("default login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://{DEAD}")
    server = servers(as_toxiproxy)
    Toxiproxy("127.0.0.1", server.port).proxies()
    assert "Authorization" not in server.asked[0][3]


def test_the_package_is_imported_by_the_first_call_only() -> None:
    program = (
        "import sys, blackstart.cli.main, blackstart.replica.local; from blackstart.toxics.toxiproxy import Toxiproxy;"
        "Toxiproxy(); print(sorted({'requests', 'toxiproxy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"

"""The registry's front door: real sockets, and a stand-in behind it that tells what it was asked."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import BaseServer
from threading import Thread
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest

from blackstart.replica.components.workload import interpreter
from blackstart.replica.ports import free_ports
from blackstart.replica.programs.httpclient import Answer, request
from blackstart.replica.programs.registry_accounts import Account
from blackstart.replica.programs.registry_client import RegistryClient, RegistryRefused
from blackstart.replica.programs.registry_image import digest_of, image
from blackstart.replica.programs.registry_tokens import ISSUER, SERVICE, TokenServer

LIMIT_S = 20.0
PAYMENTS, PUBLISHER = Account("payments", "right", "read"), Account("publisher", "right", "write")


class StandIn(BaseHTTPRequestHandler):
    """A registry as far as clients see it: uploads keep their state in the query, and each is checked."""

    protocol_version = "HTTP/1.1"
    content: dict[str, bytes]

    def _any(self) -> None:
        url, body = urlsplit(self.path), self._body()
        if self.headers.get("Authorization", "").partition(" ")[0] != "Bearer":
            realm = f"{self.headers['X-Forwarded-Proto']}://{self.headers['Host']}/auth/token"
            self._answer(401, b"", {"WWW-Authenticate": f'Bearer realm="{realm}"'})
        elif self.command == "POST":
            self._answer(202, b"", {"Location": f"{url.path}some-id?_state=begun"})
        elif self.command == "PUT" and "/uploads/" in url.path:
            asked = parse_qs(url.query)
            right = asked["_state"] == ["begun"] and asked["digest"] == [digest_of(body)]
            self.content[f"blobs/{digest_of(body)}"] = body
            self._answer(201 if right else 400, b"")
        elif self.command in ("PUT", "PATCH"):
            self.content[url.path.split("/", 3)[3]] = body
            self._answer(201, b"")
        else:
            found = self.content.get(url.path.split("/", 3)[3])
            digest = {"Docker-Content-Digest": digest_of(found)} if found else {}
            self._answer(404 if found is None else 200, found or b"", digest)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = _any

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while length := int(self.rfile.readline(), 16):
            body += self.rfile.read(length)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(server: BaseServer) -> Iterator[None]:
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True)
class Door:
    """A running token server before a stand-in."""

    server: TokenServer
    content: dict[str, bytes]

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.server.server_address[:2]
        return str(host), port

    def client(self, account: Account) -> RegistryClient:
        return RegistryClient(self.address, account.name, account.password, timeout_s=LIMIT_S)

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        return request(self.address, method, path, body=body, headers=headers, timeout_s=LIMIT_S)

    def decoded(self, token: str) -> dict[str, object]:
        """What a token says, once its signature has been checked as the registry checks it."""
        keys = jwt.PyJWKSet.from_json((self.server.signer.folder / "jwks.json").read_text("utf-8"))
        key = keys[jwt.get_unverified_header(token)["kid"]]
        return jwt.decode(token, key, ["ES256"], audience=SERVICE, issuer=ISSUER)


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    content: dict[str, bytes] = {}
    behind = ThreadingHTTPServer(("127.0.0.1", 0), type("Before", (StandIn,), {"content": content}))
    server = TokenServer(("127.0.0.1", 0), tmp_path, ("127.0.0.1", behind.server_port))
    server.accounts.write([PAYMENTS, PUBLISHER])
    with serving(behind), serving(server):
        yield Door(server, content)


def basic(account: Account) -> str:
    return "Basic " + base64.b64encode(f"{account.name}:{account.password}".encode()).decode()


# --- tokens


def test_a_token_says_who_may_do_what(door: Door) -> None:
    token = door.client(PAYMENTS).token("repository:orders:pull,push")

    claims = door.decoded(token)

    assert claims["sub"] == "payments"
    assert claims["access"] == [{"type": "repository", "name": "orders", "actions": ["pull"]}]


def test_an_oauth_client_gets_one_too(door: Door) -> None:
    form = {"grant_type": "client_credentials", "scope": "repository:canary:pull"}
    by_header = door.ask("POST", "/auth/token", urlencode(form).encode(), Authorization=basic(PAYMENTS))
    own = {**form, "client_id": "payments", "client_secret": "right"}
    by_form = door.ask("POST", "/auth/token", urlencode(own).encode())

    for answer in (by_header, by_form):
        assert answer.json()["token_type"] == "Bearer"
        assert door.decoded(answer.json()["access_token"])["access"] == [
            {"type": "repository", "name": "canary", "actions": ["pull"]}
        ]


@pytest.mark.parametrize(
    "header",
    ["", "Basic", "Basic !", basic(Account("payments", "wrong", "")), basic(Account("nobody", "", ""))],
)
def test_others_get_none(door: Door, header: str) -> None:
    answer = door.ask("GET", "/auth/token?scope=repository:orders:pull", Authorization=header)

    assert answer.status == 401
    assert answer.complaint() == "401 unknown account, wrong password, or expired"


def test_an_account_that_has_expired_gets_none(door: Door) -> None:
    door.server.accounts.write([Account("payments", "right", "read", "2020-01-01T00:00:00+00:00")])
    with pytest.raises(RegistryRefused, match="expired"):
        door.client(PAYMENTS).token("repository:orders:pull")


def test_the_key_stays_the_same(door: Door) -> None:
    token = door.client(PAYMENTS).token("repository:orders:pull")
    folder = door.server.signer.folder
    again = TokenServer(("127.0.0.1", 0), folder, ("127.0.0.1", 1))
    again.server_close()

    assert door.decoded(token)["sub"] == "payments"
    assert (folder / "key.pem").stat().st_mode & 0o777 == 0o600
    assert (folder / "jwks.json").stat().st_mode & 0o777 == 0o644


# --- what is handed on


def test_an_image_goes_through_and_comes_back(door: Door) -> None:
    pushed = image("payments")
    door.client(PUBLISHER).push("payments", "stable", pushed)

    assert door.client(PAYMENTS).pull("payments", "stable") == pushed.digest
    assert door.client(PAYMENTS).has_blob("payments", next(iter(pushed.blobs)))
    assert not door.client(PAYMENTS).has_blob("payments", "sha256:" + "0" * 64)


def test_a_client_is_sent_for_its_token_to_where_it_came_to(door: Door) -> None:
    answer = door.ask("GET", "/v2/")

    assert answer.status == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="http://{}:{}/auth/token"'.format(
        *door.address
    )


def test_pieces_of_unknown_length_go_through(door: Door) -> None:
    pieces = [b"one", b"two" * 100_000, b"three"]
    connection = http.client.HTTPConnection(*door.address, timeout=LIMIT_S)
    bearer = {"Authorization": "Bearer x"}
    connection.request("PATCH", "/v2/payments/upload", iter(pieces), bearer, encode_chunked=True)
    first = connection.getresponse()
    assert (first.status, first.read()) == (201, b"")

    connection.request("GET", "/v2/payments/upload", headers=bearer)  # on the same connection
    assert (
        hashlib.sha256(connection.getresponse().read()).digest() == hashlib.sha256(b"".join(pieces)).digest()
    )
    connection.close()


def test_a_registry_that_does_not_answer(tmp_path: Path) -> None:
    (nobody,) = free_ports(1)
    server = TokenServer(("127.0.0.1", 0), tmp_path, ("127.0.0.1", nobody))
    with serving(server):
        answer = Door(server, {}).ask("GET", "/v2/")
    assert answer.complaint() == "502 the registry does not answer: connection refused"


def test_a_registry_that_stops_in_the_middle_of_an_answer(tmp_path: Path) -> None:
    behind = socket.create_server(("127.0.0.1", 0))

    def half() -> None:
        connection, _ = behind.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")

    thread = Thread(target=half)
    thread.start()
    server = TokenServer(("127.0.0.1", 0), tmp_path, behind.getsockname())
    with serving(server), behind, pytest.raises(http.client.IncompleteRead):
        Door(server, {}).ask("GET", "/v2/")
    thread.join()


def test_it_says_when_it_is_there_and_ends_when_asked_to(tmp_path: Path) -> None:
    argv, env = interpreter("registry_tokens.py", {})
    argv.remove("-S")  # it needs PyJWT and cryptography
    with subprocess.Popen(
        [*argv, "--folder", str(tmp_path), "--port", "0"], env=env, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        try:
            assert process.stdout.readline().startswith("giving out tokens on 127.0.0.1:")
            process.send_signal(signal.SIGTERM)
            assert process.wait(LIMIT_S) == 0
        finally:
            process.kill()
    assert json.loads((tmp_path / "jwks.json").read_text("utf-8"))["keys"][0]["crv"] == "P-256"

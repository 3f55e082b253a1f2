"""The registry's front door: it gives out tokens, and hands everything else on to the registry.

    registry_tokens.py --folder DIR [--upstream registry:5000] [--host 127.0.0.1] [--port 5001]

    GET  /auth/token?service=&scope=   by Basic credentials: a token for what the account may do of the scopes
    POST /auth/token                   the same for OAuth 2 clients (grant_type=client_credentials)
    anything else                      the registry's own answer

Tokens are JWTs (Distribution's token authentication), signed by a key that is made at the first start and lies in
the folder: `key.pem`, and `jwks.json`, by which the registry checks them. So the registry starts after this.
Needs PyJWT and cryptography, which the image has.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import json
import os
import signal
import sys
import time
import uuid
from dataclasses import dataclass
from functools import cached_property
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from blackstart.replica.programs.files import replaced
from blackstart.replica.programs.registry_accounts import ACCOUNTS, Account, Accounts, granted
from blackstart.replica.programs.registry_front import Front

__all__ = ["Signer", "TokenServer", "main"]

ISSUER = "tokens.platform.test"
SERVICE = "registry.platform.test"
"""Both are in the registry's configuration as well: it takes no token of another issuer or for another service."""

LIFETIME_S = 300
JWKS = "jwks.json"
_KEY = "key.pem"
_KEY_ID = "platform-1"
_LARGEST_FORM = 65_536

Form = dict[str, list[str]]


@dataclass(frozen=True)
class Signer:
    """The key in a folder."""

    folder: Path

    def prepare(self) -> None:
        """Make the key, if there is none, and what the registry checks its signatures by. OSError when it cannot."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not (self.folder / _KEY).exists():
            replaced(self.folder / _KEY, _new_key())
        jwks = self.folder / JWKS
        replaced(jwks, json.dumps({"keys": [self._public()]}).encode())
        os.chmod(jwks, 0o644)  # it is no secret, and the registry may run as another user

    def token(self, account: Account, scopes: list[str]) -> str:
        """A signed token with what the account is granted of the scopes."""
        import jwt

        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": SERVICE,
            "sub": account.name,
            "iat": now,
            "nbf": now,
            "exp": now + LIFETIME_S,
            "jti": uuid.uuid4().hex,
            "access": granted(account, scopes),
        }
        return str(jwt.encode(claims, self._private, "ES256", {"kid": _KEY_ID}))

    @cached_property
    def _private(self) -> Any:
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        return load_pem_private_key((self.folder / _KEY).read_bytes(), None)

    def _public(self) -> dict[str, str]:
        """The public key as a JSON Web Key (RFC 7518, 6.2)."""
        point = self._private.public_key().public_numbers()
        where = {
            name: _base64url(number.to_bytes(32, "big")) for name, number in (("x", point.x), ("y", point.y))
        }
        return {"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": _KEY_ID, **where}


def _new_key() -> bytes:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = ec.generate_private_key(ec.SECP256R1())
    return bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class TokenServer(ThreadingHTTPServer):
    """The server over one folder. Its user calls `serve_forever`, `shutdown` and `server_close`."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], folder: Path, upstream: tuple[str, int]) -> None:
        self.signer = Signer(folder)
        self.signer.prepare()
        self.accounts = Accounts(folder / ACCOUNTS)
        super().__init__(address, type("Before", (Handler,), {"upstream": upstream}))


class Handler(Front):
    server: TokenServer
    realm: ClassVar[str] = "/auth/token"

    def _any(self) -> None:
        url = urlsplit(self.path)
        if url.path.rstrip("/") != self.realm:
            return self.forward()
        form = self._sent_form() if self.command == "POST" else parse_qs(url.query)
        account = self._account(form)
        if account is None:
            ask = {"WWW-Authenticate": f'Basic realm="{ISSUER}"'}
            return self.refuse(401, "UNAUTHORIZED", "unknown account, wrong password, or expired", ask)
        token = self.server.signer.token(account, form.get("scope", []))
        whole = {"token": token, "access_token": token, "token_type": "Bearer", "expires_in": LIFETIME_S}
        self.answer(200, whole)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _any

    def _sent_form(self) -> Form:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _LARGEST_FORM:
            self.close_connection = True
            return {}
        return parse_qs(self.rfile.read(int(length)).decode("utf-8", "replace"))

    def _account(self, form: Form) -> Account | None:
        """Who asks: by the Basic header, or by what an OAuth 2 client may send in its form instead."""
        name, password = _basic(self.headers.get("Authorization", "")) or (
            form.get("client_id", [""])[-1],
            form.get("client_secret", [""])[-1],
        )
        return self.server.accounts.find(name, password)


def _basic(header: str) -> tuple[str, str] | None:
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return name, password


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not host:port")
    return host, int(port)


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="registry_tokens", description="Gives out the registry's tokens.")
    parser.add_argument("--folder", type=Path, required=True, help="where key and accounts lie")
    parser.add_argument(
        "--upstream", type=_address, default=("registry", 5000), help="default: registry:5000"
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=5001, help="port; 0: any that is free (default: 5001)")
    flags = parser.parse_args(argv)
    with TokenServer((flags.host, flags.port), flags.folder, flags.upstream) as server:
        host, port = server.server_address[:2]
        signal.signal(
            signal.SIGTERM, lambda *_: sys.exit()
        )  # as a container's first process it must ask to be ended
        print(f"giving out tokens on {host!s}:{port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])

"""The command `images`: what lies in the registry, whether it is whole, and what mends it.

It speaks to the registry as the publisher; accounts and quota are in the registry's configuration, which its
operators may change.
"""

from __future__ import annotations

import http.client
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from blackstart.replica.layout import CANARY, TEAMS
from blackstart.replica.programs.httpclient import why
from blackstart.replica.programs.registry_client import RegistryClient
from blackstart.replica.programs.registry_image import TAG, digest_of, image
from blackstart.replica.programs.registry_store import PUBLISHER, RegistryStore

__all__ = ["run"]

IMAGES = (*TEAMS, CANARY)

RENEWED_FOR = timedelta(days=90)

USAGE = """\
usage: images list                  every image: which digest its tag points to, and whether that is the released one
       images verify [IMAGE]        pull everything and compare it with its digest; exit 1 when something is wrong
       images push IMAGE            build an image from its source and push it under its tag
       images retag IMAGE [DIGEST]  point an image's tag to a digest that the registry has; the released one when left out
       images accounts              every account that may pull, and when it expires
       images renew [ACCOUNT ...]   renew accounts for 90 days; all of them when none is named
       images quota [BYTES|none]    what is stored and what may be; set it
"""


class _Wrong(Exception):
    """The command line is not one of `USAGE`."""


class _Images:
    """One call of the command, on one registry's folder."""

    def __init__(self, folder: Path) -> None:
        self.store = RegistryStore(folder)

    def at(self) -> str:
        return "{}:{}".format(*self.store.address())

    def _client(self) -> RegistryClient:
        return RegistryClient(self.store.address(), PUBLISHER, self.store.password(PUBLISHER))

    def list(self) -> int:
        client = self._client()
        for name in IMAGES:
            print(f"{name:<10} {TAG} {_state(client, name)}")
        return 0

    def verify(self, *names: str) -> int:
        client = self._client()
        wrong = 0
        for name in _known(names, IMAGES):
            state = _pulled(client, name)
            wrong += state != "ok"
            print(f"{name:<10} {state}")
        return 1 if wrong else 0

    def push(self, name: str) -> int:
        _known((name,), IMAGES)
        built = image(name)
        self._client().push(name, TAG, built)
        print(f"{name}:{TAG} is {built.digest}")
        return 0

    def retag(self, name: str, digest: str = "") -> int:
        _known((name,), IMAGES)
        client = self._client()
        manifest = client.manifest(name, digest or image(name).digest)
        client.put_manifest(name, TAG, manifest)
        print(f"{name}:{TAG} is {digest_of(manifest)}")
        return 0

    def accounts(self) -> int:
        for name, expires in self.store.accounts("read").items():
            print(f"{name:<10} {'EXPIRED ' if self.store.expired(name) else 'expires '}{expires or 'never'}")
        return 0

    def renew(self, *names: str) -> int:
        until = (datetime.now(UTC) + RENEWED_FOR).isoformat(timespec="seconds")
        self.store.expire(dict.fromkeys(_known(names, tuple(self.store.accounts("read"))), until))
        return self.accounts()

    def quota(self, limit: str = "") -> int:
        if self.store.accounts_only:
            raise _Wrong("this registry knows no quota: what it may store is the size of its disk")
        if limit:
            self.store.limit(_limit(limit))
        quota = self.store.quota()
        print(f"{self.store.used()} bytes stored, of {'any number' if quota is None else quota}")
        return 0


def _known(names: tuple[str, ...], all_names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if name not in all_names:
            raise _Wrong(f"there is no {name!r}; there are {', '.join(all_names)}")
    return names or all_names


def _limit(text: str) -> int | None:
    if text != "none" and not text.isdecimal():
        raise _Wrong(f"a quota is a number of bytes, or none; not {text!r}")
    return None if text == "none" else int(text)


def _state(client: RegistryClient, name: str) -> str:
    try:
        digest = digest_of(client.manifest(name, TAG))
    except http.client.HTTPException as error:
        return f"BROKEN: {why(error)}"
    released = image(name).digest
    return f"{digest[:19]} as released" if digest == released else f"{digest[:19]} NOT {released[:19]}"


def _pulled(client: RegistryClient, name: str) -> str:
    try:
        client.pull(name, TAG)
    except http.client.HTTPException as error:
        return f"BROKEN: {why(error)}"
    return "ok"


_MOST = 99
_ARGUMENTS = {
    "list": (0, 0),
    "verify": (0, 1),
    "push": (1, 1),
    "retag": (1, 2),
    "accounts": (0, 0),
    "renew": (0, _MOST),
    "quota": (0, 1),
}
"""Each verb, and how many arguments it takes: at least, at most."""


def run(folder: Path, argv: list[str]) -> int:
    """Do what the command line says; returns its exit code. `folder` is the registry's."""
    verb, *rest = argv or ["list"]
    least, most = _ARGUMENTS.get(verb, (_MOST, 0))
    if not least <= len(rest) <= most:
        print(USAGE, end="", file=sys.stderr)
        return 2
    tool = _Images(folder)
    try:
        return int(getattr(tool, verb)(*rest))
    except _Wrong as error:
        print(f"images: {error}", file=sys.stderr)
        return 2
    except (OSError, http.client.HTTPException) as error:
        print(f"images: {why(error)}: the registry at {tool.at()}", file=sys.stderr)
        return 1

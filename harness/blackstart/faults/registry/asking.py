"""Probes that the registry's faults bring: each asks one cheap thing of it, as the canary or the publisher."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING

from blackstart.faults.registry.storage import store_of
from blackstart.replica.asking import AskingProbe, Refused
from blackstart.replica.components.vault import Keyholder
from blackstart.replica.components.vault_keyring import Keyring
from blackstart.replica.layout import CANARY, PROBES
from blackstart.replica.programs.httpclient import request
from blackstart.replica.programs.registry_client import RegistryClient
from blackstart.replica.programs.registry_image import TAG, digest_of, empty_image, image
from blackstart.replica.programs.registry_store import PUBLISHER
from blackstart.replica.programs.seed import PUBLISHER_PASSWORD

if TYPE_CHECKING:
    from collections.abc import Callable

    from blackstart.replica.base import Probe, Replica
    from blackstart.replica.layout import Address

__all__ = [
    "address_of",
    "blob_probe",
    "image_probe",
    "login_probe",
    "push_probe",
    "steady_probe",
    "tag_probe",
]


def address_of(replica: Replica, target: str) -> Address:
    """Where the registry's clients find it."""
    host, _, port = replica.components()[target].endpoint.rpartition(":")
    return host, int(port)


def client_of(replica: Replica, target: str, account: str) -> Callable[[float], RegistryClient]:
    """Makes a client with that account, given each answer's limit. Its password is read once, now."""
    address, password = address_of(replica, target), _password(replica, target, account)
    return lambda each_s: RegistryClient(address, account, password, timeout_s=each_s, source=PROBES)


def _password(replica: Replica, target: str, account: str) -> str:
    """Of the registry's own accounts; where they are not on this machine, what its seed gave to whoever drills."""
    given = replica.keyring() if isinstance(replica, Keyholder) else None
    if given is None or not (publisher := given.with_name(PUBLISHER_PASSWORD)).exists():
        return store_of(replica, target).password(account)
    if account == PUBLISHER:
        return publisher.read_text("utf-8").strip()
    return Keyring.read(given).pull_passwords[account]


def image_probe(replica: Replica, target: str, name: str) -> Probe:
    """Green when the whole image can be pulled and every digest matches."""
    client = client_of(replica, target, CANARY)

    def pull(each_s: float) -> None:
        client(each_s).pull(name, TAG)

    return AskingProbe(f"{target}-{name}-image", "component", target, pull, answers=5)


def tag_probe(replica: Replica, target: str, name: str) -> Probe:
    """Green when the tag points to the image that was released under it."""
    client = client_of(replica, target, CANARY)
    released = image(name).digest

    def compare(each_s: float) -> None:
        seen = digest_of(client(each_s).manifest(name, TAG))
        if seen != released:
            raise Refused(f"{name}:{TAG} is {seen[:19]}, released was {released[:19]}")

    return AskingProbe(f"{target}-{name}-tag", "component", target, compare, answers=2)


def login_probe(replica: Replica, target: str, account: str, name: str) -> Probe:
    """Green when an account gets a token to pull with."""
    client = client_of(replica, target, account)

    def login(each_s: float) -> None:
        client(each_s).token(f"repository:{account}:pull")

    return AskingProbe(name, "component", target, login)


def push_probe(replica: Replica, target: str) -> Probe:
    """Green when an image can be pushed. Always the same one, so that nothing piles up in the registry."""
    client, smallest = client_of(replica, target, PUBLISHER), empty_image()

    def push(each_s: float) -> None:
        client(each_s).push("probe", TAG, smallest)

    return AskingProbe(f"{target}-push", "component", target, push, answers=4)


def blob_probe(replica: Replica, target: str, limit_s: float) -> Probe:
    """Green when a small blob comes within the limit."""
    client = client_of(replica, target, CANARY)
    digest = next(iter(image(CANARY).blobs))

    def get(each_s: float) -> None:
        asked = client(min(each_s, limit_s))
        try:
            asked.blob(CANARY, digest)
        except TimeoutError:
            raise Refused(f"no blob within {limit_s * 1000:.0f} ms") from None

    return AskingProbe(f"{target}-blobs", "component", target, get)


def steady_probe(replica: Replica, target: str, in_a_row: int) -> Probe:
    """Green when none of so many requests in a row is answered with an error of the server's (5xx)."""
    address = address_of(replica, target)

    def ask(each_s: float) -> None:
        for _ in range(in_a_row):
            answer = request(address, "GET", "/v2/", timeout_s=each_s, source=PROBES)
            if answer.status >= 500:
                raise Refused(f"{answer.status} {http.client.responses.get(answer.status, '')}".strip())

    return AskingProbe(f"{target}-errors", "component", target, ask, answers=in_a_row)

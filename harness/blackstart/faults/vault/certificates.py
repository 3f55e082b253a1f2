"""A service that gets its certificate from Vault, and a peer that checks it: a real handshake, in memory."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from blackstart.faults.vault.watching import data_of, machine_of
from blackstart.replica.asking import AskingProbe, Refused
from blackstart.replica.components.vault_authority import CERTIFICATE_ROLE, PKI
from blackstart.replica.layout import CANARY, ZONE

if TYPE_CHECKING:
    from blackstart.replica.base import Probe, Replica

__all__ = ["certificate_probe", "shake_hands"]

NAME = f"{CANARY}.{ZONE}"
"""Whom the certificate is for."""

ROUNDS = 4
"""A handshake of TLS 1.3 is over when each side has spoken twice."""


def certificate_probe(replica: Replica, target: str, name: str) -> Probe:
    """Green when Vault issues a certificate that a client which trusts the platform's root accepts."""
    machine = machine_of(replica, target, CANARY)

    def issue(each_s: float) -> None:
        body = {"common_name": NAME}
        answer = machine.ask_again("POST", f"{PKI}/issue/{CERTIFICATE_ROLE}", each_s, body=body)
        issued = data_of(answer)
        try:
            shake_hands(issued, NAME)
        except ssl.SSLError as error:
            raise Refused(str(error.reason or error)) from error

    return AskingProbe(name, "component", target, issue, answers=4)


def shake_hands(issued: Mapping[str, Any], name: str) -> None:
    """Serve with what Vault issued, and call it as a client. ssl.SSLError when the client does not accept it.

    The root that the client trusts is the last of the chain.
    """
    *chain, root = issued["ca_chain"]
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context(cadata=root).wrap_bio(back, there, server_hostname=name)
    server = _server(issued, chain).wrap_bio(there, back, server_side=True)
    for _ in range(ROUNDS):
        for side in (client, server):
            with suppress(ssl.SSLWantReadError):
                side.do_handshake()
    if client.version() is None:
        raise ssl.SSLError("the handshake came to no end")


def _server(issued: Mapping[str, Any], chain: list[str]) -> ssl.SSLContext:
    """The ssl module reads keys from files only: this one is in memory, and gone when it is closed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    descriptor = os.memfd_create("certificate", os.MFD_CLOEXEC)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write("\n".join([issued["private_key"], issued["certificate"], *chain]))
        file.flush()
        context.load_cert_chain(f"/proc/self/fd/{descriptor}")
    return context

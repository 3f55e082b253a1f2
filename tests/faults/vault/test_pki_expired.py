from __future__ import annotations

import ssl
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from blackstart.clock import SystemTime
from blackstart.faults.contract import prove_fault
from blackstart.faults.vault.pki_expired import VaultPkiExpired

if TYPE_CHECKING:
    from blackstart.faults.base import Fault, Undo
    from blackstart.replica.components.vault import VaultClient
    from blackstart.replica.local import LocalReplica

Broken = Callable[["Fault"], AbstractContextManager["Undo"]]

FAULT = VaultPkiExpired()
RENEW = (
    "bao pki reissue -issuer_name=services-new pki/issuer/root pki/issuer/services pki ttl=8760h"
    " && bao write pki/config/issuers default=services-new"
)


@pytest.fixture
def seeded_issuer(root: VaultClient, replica: LocalReplica) -> Any:
    """The default issuer of a fresh Vault; it is so again afterwards."""
    before = root.call("GET", "pki/issuer/default")["data"]
    yield before
    root.call("POST", "pki/config/issuers", {"default": "root"})
    for id in root.call("GET", "pki/issuers?list=true")["data"]["keys"]:
        if root.call("GET", f"pki/issuer/{id}")["data"]["issuer_name"] != "root":
            root.call("DELETE", f"pki/issuer/{id}")
    taken = root.call("POST", "pki/intermediate/set-signed", {"certificate": before["certificate"]})["data"]
    root.call("POST", f"pki/issuer/{taken['imported_issuers'][0]}", {"issuer_name": "services"})
    root.call("POST", "pki/config/issuers", {"default": "services"})


@pytest.mark.replica
@pytest.mark.usefixtures("seeded_issuer")
def test_it_keeps_its_contract(
    replica: LocalReplica,
    fixing: Callable[[str], Callable[[], None]],
    another: Callable[[], LocalReplica],
) -> None:
    prove_fault(FAULT, replica, "vault", fix=fixing(RENEW), another=another)


def ends(certificate: str) -> datetime:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=certificate)
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(context.get_ca_certs()[0]["notAfter"])), UTC)


@pytest.mark.replica
def test_no_certificate_is_issued_and_everything_else_works(
    broken: Broken, replica: LocalReplica, root: VaultClient, complaints: Callable[[], dict[str, str]]
) -> None:
    fault = VaultPkiExpired.model_validate({"since": "2h"})
    probe = fault.probe(replica, "vault")
    began = SystemTime().now().wall
    with broken(fault):
        assert complaints() == {}
        assert "that is beyond the expiration of the CA certificate at " in probe.read().reason
        issuer = root.call("GET", "pki/issuer/default")["data"]
        assert issuer["issuer_name"] == "services", "it expired under its own name"
        late = ends(issuer["certificate"]) - (began - timedelta(hours=2))
        assert timedelta(seconds=-1) <= late <= SystemTime().now().wall - began
    assert probe.read().state == "green"


@pytest.mark.replica
def test_a_certificate_under_an_expired_authority_is_refused_by_its_peer(
    broken: Broken, replica: LocalReplica, root: VaultClient
) -> None:
    with broken(FAULT):
        root.call(
            "POST", "pki/issuer/services", {"issuer_name": "services", "leaf_not_after_behavior": "permit"}
        )
        assert FAULT.probe(replica, "vault").read().reason == "CERTIFICATE_VERIFY_FAILED"


@pytest.mark.replica
def test_healed_it_has_the_issuers_that_it_had(broken: Broken, root: VaultClient) -> None:
    def issuers() -> dict[str, str]:
        found = root.call("GET", "pki/issuers?list=true")["data"]["keys"]
        whole = [root.call("GET", f"pki/issuer/{id}")["data"] for id in found]
        return {each["issuer_name"]: each["certificate"] for each in whole}

    before = issuers()
    with broken(FAULT):
        assert set(issuers()) == set(before)
        assert issuers() != before
    assert issuers() == before


@pytest.mark.parametrize("since", ["59s", "366d", "0s"])
def test_bounds(since: str) -> None:
    with pytest.raises(ValidationError, match="since"):
        VaultPkiExpired.model_validate({"since": since})

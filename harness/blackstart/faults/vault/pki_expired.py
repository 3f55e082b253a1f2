"""The authority that signs services' certificates has expired: nobody gets a certificate any more."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from blackstart.clock import SystemTime
from blackstart.faults.vault.certificates import certificate_probe
from blackstart.faults.vault.operating import Operator, VaultFault
from blackstart.replica.components.vault_authority import ISSUER, PKI, adopt, sign
from blackstart.source import Duration

if TYPE_CHECKING:
    from blackstart.faults.base import Undo
    from blackstart.replica.base import Probe, Replica

__all__ = ["VaultPkiExpired"]


class VaultPkiExpired(VaultFault):
    """Put in the intermediate authority's place one with the same name and key whose validity is over.

    No workload of the replica speaks TLS. The probe that this fault brings stands for one that does: it asks
    for a certificate and shakes hands with it.
    """

    name: ClassVar[str] = "vault.pki-expired"
    summary: ClassVar[str] = (
        "lets the intermediate authority of the PKI engine be expired: no certificate is issued"
    )
    turns_red: ClassVar[str] = "{target}-pki"
    seen: ClassVar[str] = (
        "certificates are refused with 400: the TTL would result in notAfter beyond the expiration of the CA "
        "certificate, which lies in the past; everything else in Vault works"
    )
    fix: ClassVar[str] = (
        "renew the intermediate, and make the new one the default: bao pki reissue -issuer_name=services-new "
        "pki/issuer/root pki/issuer/services pki ttl=8760h; bao write pki/config/issuers default=services-new"
    )
    undone: ClassVar[str] = "puts the valid intermediate back as the default"
    holds: ClassVar[tuple[str, ...]] = ("{target}/pki",)
    broken: ClassVar[str] = "expired in its certificate authority"

    since: Duration = Field(
        default=3600, ge=60, le=365 * 86_400, description="how long ago the authority expired"
    )

    def look(self, vault: Operator, undo: Undo) -> Mapping[str, Any]:
        """The issuer's own certificate: public. Its key never leaves Vault, and stays there."""
        issuer = vault.call("GET", f"{PKI}/issuer/default")["data"]
        return {"name": issuer["issuer_name"], "key": issuer["key_id"], "certificate": issuer["certificate"]}

    def breaks(self, vault: Operator, undo: Undo) -> None:
        if self.whole(vault, undo):
            expired = self._expired(vault, str(undo["key"]))
            _replace(vault, expired, str(undo["name"]))

    def _expired(self, vault: Operator, key: str) -> str:
        """A certificate for the same key that was valid for a year, and no longer is."""
        asked = {"common_name": ISSUER, "key_ref": key}
        request = vault.call("POST", f"{PKI}/intermediate/generate/existing", asked)["data"]["csr"]
        ended = SystemTime().now().wall - timedelta(seconds=self.since)
        began_h = round(self.since / 3600) + 8760
        return sign(
            vault, request, not_after=ended.strftime("%Y-%m-%dT%H:%M:%SZ"), not_before_duration=f"{began_h}h"
        )

    def mend(self, vault: Operator, undo: Undo) -> None:
        """Put the issuer back, save where people have brought a valid one into service."""
        if not self.whole(vault, undo):
            _replace(vault, str(undo["certificate"]), str(undo["name"]))

    def whole(self, vault: Operator, undo: Undo) -> bool:
        """Whether the default issuer is valid today."""
        issuer = vault.find(f"{PKI}/issuer/default")
        return issuer is not None and _valid(issuer["certificate"])

    def probe(self, replica: Replica, target: str) -> Probe:
        return certificate_probe(replica, target, self.probe_name(target, ""))


def _replace(vault: Operator, certificate: str, name: str) -> None:
    """Make it the default issuer under this name, and take away whoever had that name."""
    former = vault.find(f"{PKI}/issuer/{name}")
    if former:
        id = former["issuer_id"]
        vault.call(
            "POST", f"{PKI}/issuer/{id}", {"issuer_name": f"{name}-{id[:8]}"}
        )  # a name is one issuer's
    adopted = adopt(vault, certificate, name)
    if former and former["issuer_id"] != adopted:
        vault.call("DELETE", f"{PKI}/issuer/{former['issuer_id']}")


def _valid(certificate: str) -> bool:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=certificate)
    ends = str(context.get_ca_certs()[0]["notAfter"])
    return ssl.cert_time_to_seconds(ends) > SystemTime().now().wall.timestamp()

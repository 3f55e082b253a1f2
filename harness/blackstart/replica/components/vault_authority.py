"""Vault's certificate authority: a root, and under it the intermediate that signs services' certificates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blackstart.replica.layout import ZONE

if TYPE_CHECKING:
    from blackstart.replica.components.vault import VaultClient

__all__ = ["CERTIFICATE_ROLE", "FOR_EVER", "ISSUER", "PKI", "adopt", "sign", "write_authority"]

PKI = "pki"
"""Where the engine is mounted."""

ISSUER = "services"
"""The intermediate authority; the default issuer."""

CERTIFICATE_ROLE = "services"
"""The role by which services get certificates. No certificate is stored: one may be asked for every second."""

FOR_EVER = "87600h"
"""Ten years: longer than a seed is kept. What lasts as long does not end by itself."""

_KEY = {"key_type": "ec", "key_bits": 256}


def write_authority(vault: VaultClient) -> None:
    """A root that signs nothing but the intermediate, which signs what services ask for."""
    vault.call("POST", f"sys/mounts/{PKI}", {"type": "pki", "config": {"max_lease_ttl": FOR_EVER}})
    name = f"{ZONE} root"
    root = {"common_name": name, "issuer_name": "root", "ttl": FOR_EVER, **_KEY}
    vault.call("POST", f"{PKI}/root/generate/internal", root)
    asked = {"common_name": f"{ZONE} services", "key_name": ISSUER, **_KEY}
    request = vault.call("POST", f"{PKI}/intermediate/generate/internal", asked)["data"]["csr"]
    adopt(vault, sign(vault, request, ttl="80000h"), ISSUER)
    role = {
        "allowed_domains": [ZONE],
        "allow_subdomains": True,
        "no_store": True,
        "ttl": "24h",
        "max_ttl": "72h",
        **_KEY,
    }
    vault.call("POST", f"{PKI}/roles/{CERTIFICATE_ROLE}", role)


def sign(vault: VaultClient, request: str, **validity: str) -> str:
    """An intermediate authority's certificate (PEM), signed by the root for as long as `validity` says."""
    body = {"csr": request, "common_name": f"{ZONE} services", **validity}
    return str(vault.call("POST", f"{PKI}/issuer/root/sign-intermediate", body)["data"]["certificate"])


def adopt(vault: VaultClient, certificate: str, name: str) -> str:
    """Make an intermediate authority, whose key Vault has, the default issuer under this name; returns its id."""
    body = {"certificate": certificate}
    taken = vault.call("POST", f"{PKI}/intermediate/set-signed", body)["data"]
    known = [*(taken["imported_issuers"] or ()), *(taken["existing_issuers"] or ())]
    vault.call("POST", f"{PKI}/issuer/{known[0]}", {"issuer_name": name})
    vault.call("POST", f"{PKI}/config/issuers", {"default": known[0]})
    return str(known[0])

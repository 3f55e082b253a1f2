from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

import pytest

from blackstart.faults.vault.certificates import NAME, shake_hands
from blackstart.replica.layout import TEAMS, ZONE

if TYPE_CHECKING:
    from blackstart.replica.components.vault import VaultClient

pytestmark = pytest.mark.replica


@pytest.fixture
def issued(root: VaultClient) -> dict[str, Any]:
    data: dict[str, Any] = root.call("POST", "pki/issue/services", {"common_name": NAME})["data"]
    return data


def test_a_good_certificate_is_accepted(issued: dict[str, Any]) -> None:
    shake_hands(issued, NAME)


def test_one_for_another_name_is_not(issued: dict[str, Any]) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        shake_hands(issued, f"{TEAMS[0]}.{ZONE}")


def test_one_without_its_intermediate_is_not(issued: dict[str, Any]) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="unable to get"):
        shake_hands({**issued, "ca_chain": issued["ca_chain"][-1:]}, NAME)


def test_certificates_are_not_stored(issued: dict[str, Any], root: VaultClient) -> None:
    stored = root.call("GET", "pki/certs?list=true")["data"]["keys"]
    assert issued["serial_number"] not in [serial.replace("-", ":") for serial in stored]

from __future__ import annotations

import http.client
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from blackstart.replica.asking import TIMEOUT_S, AskingProbe, ProbeBroken, Refused
from blackstart.replica.programs.dnsclient import DnsError

if TYPE_CHECKING:
    from blackstart.replica.base import Reading


def asking(ask: Callable[[float], None], answers: int = 1) -> AskingProbe:
    return AskingProbe("vault", "component", "vault", ask, answers=answers)


def raising(error: Exception) -> Callable[[float], None]:
    def ask(each_s: float) -> None:
        raise error

    return ask


def read(probe: AskingProbe) -> tuple[str, str]:
    reading: Reading = probe.read()
    assert reading.latency_ms >= 0
    return reading.state, reading.reason


def test_no_complaint_is_green() -> None:
    assert read(asking(lambda each_s: None)) == ("green", "")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Refused("503 Vault is sealed"), "503 Vault is sealed"),
        (DnsError("NXDOMAIN _vault._tcp.platform.test"), "NXDOMAIN _vault._tcp.platform.test"),
        (ConnectionRefusedError(111, "Connection refused"), "connection refused"),
        (TimeoutError("timed out"), "timed out"),
        (ConnectionResetError(104, "Connection reset by peer"), "connection closed"),
        (http.client.RemoteDisconnected("Remote end closed"), "connection closed"),
        (http.client.BadStatusLine("?"), "?"),
    ],
)
def test_a_no_is_red_with_its_reason(error: Exception, reason: str) -> None:
    assert read(asking(raising(error))) == ("red", reason)


def test_a_probe_that_breaks_itself_says_nothing_of_its_subject() -> None:
    assert read(asking(raising(KeyError("x")))) == ("missing", "KeyError: 'x'")
    assert read(asking(raising(ProbeBroken("the canary is gone")))) == ("missing", "the canary is gone")


def test_several_answers_share_the_time() -> None:
    given: list[float] = []
    read(asking(given.append))
    read(asking(given.append, answers=2))
    assert given == [TIMEOUT_S, TIMEOUT_S / 2]

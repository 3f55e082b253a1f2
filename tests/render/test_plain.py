from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import pytest

from blackstart.events import (
    BODIES,
    AlertMissing,
    AlertReceived,
    Body,
    ComponentExited,
    ContainerChanged,
    FreeText,
    PageFired,
    Unknown,
)
from blackstart.render.plain import what_happened

if TYPE_CHECKING:
    from tests.render.conftest import Drill

SAMPLES: dict[str, Any] = {
    "str": "word",
    "int": 3,
    "float": 2.0,
    "bool": True,
    "FreeText": FreeText.of("said <b>"),
    "dict[str, str]": {"vault": "red"},
    "dict[str, float]": {"vault": 1.0},
    "dict[str, Any]": {},
    "list[dict[str, Any]]": [{"id": "ic-1"}],
    "list[dict[str, str]]": [{"name": "vault"}],
}


@pytest.mark.parametrize("kind", sorted(BODIES))
def test_every_kind_has_words(book: Drill, kind: str) -> None:
    body = BODIES[kind]
    values = {f.name: SAMPLES.get(str(f.type), "word") for f in fields(body)}
    words = what_happened(replace(book.events[0], body=body(**values)))
    assert words
    assert words != kind


SAID = FreeText.of("[DRILL] VaultLoginFailing: logins fail (503)")
LAST = FreeText.of("")


def container(what: str, detail: str = "", code: int = -1, *, asked: bool = False) -> ContainerChanged:
    return ContainerChanged("vault", what, code, detail, asked, "")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            PageFired("p-1", "vault", SAID, "ic-1"),
            "page fired for ic-1: [DRILL] VaultLoginFailing: logins fail (503)",
        ),
        (
            PageFired("p-1", "vault", SAID, "ic-1", "alertmanager", "VaultLoginFailing", "f"),
            "page fired for ic-1 by Alertmanager: [DRILL] VaultLoginFailing: logins fail (503)",
        ),
        (
            PageFired("p-1", "vault", FreeText.of("[DRILL] look"), "ic-1", "alertmanager", "VaultDown", "f"),
            "page fired for ic-1 by Alertmanager: VaultDown: [DRILL] look",
        ),
        (
            AlertReceived("DnsDown", "resolved", "dns", "dns", FreeText.of("no answer"), "", "", "f"),
            "the replica's monitoring: DnsDown is resolved: no answer",
        ),
        (AlertMissing("page", "vault", 30.0), "monitoring did not page: no alert of vault within 30 s"),
        (container("kill", "9"), "docker: vault was sent a signal: 9; not by blackstart"),
        (container("die", code=137, asked=True), "docker: vault ended: exit code 137; by blackstart"),
        (container("health", "unhealthy"), "docker: vault has another state of health: unhealthy"),
        (container("oom"), "docker: vault ran out of memory"),
        (container("daemon-gone", "refused"), "docker does not answer any more: refused"),
        (container("daemon-back"), "docker answers again"),
        (ComponentExited("vault", -9, LAST), "vault ended by itself with code -9"),
        (
            ComponentExited(
                "vault", -9, LAST, "by docker kill of somebody unknown: signal 9 (exit code 137)"
            ),
            "vault ended by docker kill of somebody unknown: signal 9 (exit code 137)",
        ),
    ],
)
def test_what_the_replica_says_of_itself_is_in_words(book: Drill, body: Body, words: str) -> None:
    assert what_happened(replace(book.events[0], body=body)) == words


def test_an_event_of_a_later_version_has_its_name(book: Drill) -> None:
    assert what_happened(replace(book.events[0], body=Unknown("moon.rose", {"x": 1}))) == "moon.rose"


def test_it_is_one_line(hostile: Drill) -> None:
    assert all("\n" not in what_happened(event) for event in hostile.events)
    assert max(len(what_happened(event)) for event in hostile.events) <= 300

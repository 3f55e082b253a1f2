"""OpenBao's audit lines, as they come and as they should not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackstart.events import AuditSeen
from blackstart.people.audit import AuditTail


def line(who: str, path: str, *, type: str = "response", operation: str = "read", **more: Any) -> str:
    entry = {
        "time": "2026-04-26T15:42:00.123456Z",
        "type": type,
        "auth": {"display_name": who, "policies": ["responder"]},
        "request": {"operation": operation, "path": path, "remote_address": "127.0.0.1"},
    }
    return json.dumps(entry | more) + "\n"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "audit.log"


@pytest.fixture
def tail(log: Path) -> AuditTail:
    return AuditTail("vault", log, ["sme-1", "ic-1"])


def add(log: Path, text: str) -> None:
    with log.open("a") as file:
        file.write(text)


def who_did(tail: AuditTail) -> list[tuple[str, str]]:
    return [(seen.who, seen.path) for seen in tail.read()]


def test_what_a_participant_did_is_seen_once_with_the_bare_name(log: Path, tail: AuditTail) -> None:
    add(log, line("token-sme-1", "auth/token/lookup-self", type="request"))
    add(log, line("token-sme-1", "auth/token/lookup-self", error="permission denied"))
    assert list(tail.read()) == [
        AuditSeen(
            component="vault",
            operation="read",
            path="auth/token/lookup-self",
            who="sme-1",
            error="permission denied",
            logged_wall="2026-04-26T15:42:00.123456Z",
            remote="127.0.0.1",
        )
    ]
    assert list(tail.read()) == []


def test_probes_workloads_and_strangers_are_left_out(log: Path, tail: AuditTail) -> None:
    for who in ("approle", "token-probe", "root", "token-sme-10", "sme-1", ""):
        add(log, line(who, "secret/data/payments"))
    assert who_did(tail) == []


def test_sealing_is_seen_whoever_did_it_by_its_request(log: Path, tail: AuditTail) -> None:
    add(log, line("root", "sys/seal", type="request", operation="update"))
    add(log, line("root", "sys/seal", operation="update"))
    add(log, line("", "sys/unseal", type="request", operation="update"))
    add(log, line("token-ic-1", "sys/seal", type="request", operation="update"))
    assert who_did(tail) == [("root", "sys/seal"), ("", "sys/unseal"), ("ic-1", "sys/seal")]


def test_a_torn_line_waits_for_its_end(log: Path, tail: AuditTail) -> None:
    whole = line("token-ic-1", "sys/health")
    add(log, whole + whole[:50])
    assert who_did(tail) == [("ic-1", "sys/health")]
    assert who_did(tail) == []
    add(log, whole[50:])
    assert who_did(tail) == [("ic-1", "sys/health")]


def test_a_log_that_is_not_there_yet_is_waited_for(log: Path, tail: AuditTail) -> None:
    assert who_did(tail) == []
    add(log, line("token-ic-1", "a"))
    assert who_did(tail) == [("ic-1", "a")]


def test_a_rotated_log_is_read_from_its_start(log: Path, tail: AuditTail) -> None:
    add(log, line("token-ic-1", "a") * 3)
    assert len(who_did(tail)) == 3
    log.rename(log.with_suffix(".1"))
    assert who_did(tail) == []
    add(log, line("token-ic-1", "b"))
    assert who_did(tail) == [("ic-1", "b")]


def test_a_log_cut_to_nothing_is_read_from_its_start(log: Path, tail: AuditTail) -> None:
    add(log, line("token-ic-1", "a") * 3)
    who_did(tail)
    log.write_text(line("token-ic-1", "b"))
    assert who_did(tail) == [("ic-1", "b")]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "auth", "request", "path", "display_name", "time", "error"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@given(entries=st.lists(JSON.map(json.dumps).map(str.encode) | st.binary(max_size=40), max_size=6))
def test_whatever_stands_there_does_no_harm(
    tmp_path_factory: pytest.TempPathFactory, entries: list[bytes]
) -> None:
    log = tmp_path_factory.mktemp("audit") / "audit.log"
    log.write_bytes(b"\n".join([*entries, line("token-ic-1", "after").encode()]))
    assert who_did(AuditTail("vault", log, ["ic-1"]))[-1:] == [("ic-1", "after")]


@given(st.lists(st.integers(1, 60), max_size=40))
def test_lines_are_seen_once_however_they_arrive(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int]
) -> None:
    log = tmp_path_factory.mktemp("audit") / "audit.log"
    tail = AuditTail("vault", log, ["ic-1"])
    text = "".join(line("token-ic-1", f"path-{n}") for n in range(5))
    seen: list[tuple[str, str]] = []
    for size in [*sizes, len(text)]:
        add(log, text[:size])
        text = text[size:]
        seen += who_did(tail)
    assert seen == [("ic-1", f"path-{n}") for n in range(5)]


def test_a_device_in_its_place_is_no_log(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    log.symlink_to("/dev/full")
    assert list(AuditTail("vault", log, ["sme-1"]).read()) == []

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blackstart.errors import ReplicaError
from blackstart.faults.contract import prove_fault
from blackstart.faults.vault.audit_blocked import VaultAuditBlocked
from blackstart.people.audit import AuditTail
from blackstart.replica.asking import Refused

if TYPE_CHECKING:
    from blackstart.faults.base import Fault, Undo
    from blackstart.replica.components.vault import VaultClient
    from blackstart.replica.local import LocalReplica

Broken = Callable[["Fault"], AbstractContextManager["Undo"]]

FAULT = VaultAuditBlocked()

pytestmark = pytest.mark.replica


@pytest.fixture
def log(replica: LocalReplica) -> Path:
    found = replica.audit_log("vault")
    assert found is not None
    return found


def test_it_keeps_its_contract(
    replica: LocalReplica,
    fixing: Callable[[str], Callable[[], None]],
    another: Callable[[], LocalReplica],
) -> None:
    prove_fault(FAULT, replica, "vault", fix=fixing("audit-log rotate"), another=another)


def test_every_request_is_refused_and_vault_calls_itself_healthy(
    broken: Broken,
    root: VaultClient,
    complaints: Callable[[], dict[str, str]],
    people: Callable[[str], str],
) -> None:
    with broken(FAULT):
        assert complaints() == {
            "vault": "500 internal error",
            "ship": "login: 500 internal error",
            "authenticate": "500 internal error",
        }
        assert root.active(), "sys/health answers 200"
        assert "Sealed                  false" in people("bao status")
        assert "internal error" in people("bao auth list")
        with pytest.raises(Refused, match=r"^500 failed to audit request, cannot continue$"):
            root.seal()
        assert "a link to /dev/full; No space left on device" in people("audit-log")


def test_what_was_logged_before_is_kept_and_the_log_goes_on_in_the_same_file(
    broken: Broken, log: Path, people: Callable[[str], str]
) -> None:
    people("bao read sys/mounts")
    before = log.read_bytes()
    with broken(FAULT):
        people("bao read sys/mounts")
    after = log.read_bytes()
    assert after.startswith(before)
    assert len(after) > len(before)
    assert all(json.loads(line) for line in after.splitlines())


def test_evidence_is_read_once_and_never_from_the_device(
    broken: Broken, log: Path, people: Callable[[str], str]
) -> None:
    tail = AuditTail("vault", log, ["sme-1"])
    people("bao read sys/mounts")
    assert [seen.path for seen in tail.read()][-1] == "sys/mounts"
    with broken(FAULT):
        assert list(tail.read()) == []
    people("bao read sys/policies/acl/orders")
    assert [seen.path for seen in tail.read()] == ["sys/policies/acl/orders"]


def test_what_people_put_aside_is_kept_beside_their_new_log(
    broken: Broken, log: Path, people: Callable[[str], str]
) -> None:
    before, older = log.read_bytes(), set(log.parent.glob("audit.log.*"))
    with broken(FAULT):
        people("audit-log rotate")
    (kept,) = set(log.parent.glob("audit.log.*")) - older
    assert kept.read_bytes().startswith(before), "it grew until the fault came, and nothing of it is lost"
    assert log.is_file()
    assert not log.is_symlink()


def test_a_vault_that_does_not_run_finds_its_log_when_it_starts(
    replica: LocalReplica, log: Path, complaints: Callable[[], dict[str, str]]
) -> None:
    undo = FAULT.prepare(replica, "vault")
    FAULT.inject(replica, "vault", undo)
    replica.kill("vault")
    FAULT.heal(replica, "vault", undo)
    assert FAULT.gone(replica, "vault", undo), "the file is whole, and nothing else was broken"
    assert log.is_file()
    with pytest.raises(ReplicaError, match="vault does not run: its audit could not be blocked"):
        FAULT.inject(replica, "vault", undo)
    replica.start("vault")
    assert complaints() == {}


def test_a_restart_does_not_mend_it(
    broken: Broken, replica: LocalReplica, complaints: Callable[[], dict[str, str]]
) -> None:
    with broken(FAULT) as undo:
        replica.kill("vault")
        log = Path(undo["log"])
        assert log.is_symlink()
        assert not FAULT.gone(replica, "vault", undo)
        FAULT.heal(replica, "vault", undo)
        replica.start("vault")


def test_both_files_gone_and_a_link_left(log: Path, broken: Broken) -> None:
    with broken(FAULT) as undo:
        Path(undo["kept"]).unlink()
    assert log.is_file()


def test_a_vault_without_an_audit_log_is_refused(replica: LocalReplica, log: Path) -> None:
    aside = log.rename(log.with_suffix(".aside"))
    try:
        with pytest.raises(ReplicaError, match="writes no audit log"):
            FAULT.prepare(replica, "vault")
    finally:
        aside.rename(log)

"""The ledger: durable before the fault, readable by anybody, whatever a crash did to it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackstart.errors import Exit
from blackstart.faults.ledger import STATES, Ledger, LedgerFailed, Row, State
from blackstart.testing import ManualTime

if TYPE_CHECKING:
    from tests.conftest import FullDisk

UNDO = {"endpoint": "127.0.0.1:8200"}


def intend(ledger: Ledger, fault: str, undo: dict[str, Any] | None = None) -> None:
    ledger.intend(
        fault, type="vault.seal", target="vault", params={"hard": True}, undo=UNDO if undo is None else undo
    )


def test_a_row_has_all_that_healing_needs(tmp_path: Path) -> None:
    time = ManualTime()
    time.advance(60)
    intend(Ledger(tmp_path, "INC-2026-04-26-001", time), "seal")
    wall = "2026-04-26T15:31:00.000000Z"
    row = Row("INC-2026-04-26-001", "seal", "vault.seal", "vault", {"hard": True}, UNDO, "intended", wall)
    assert Ledger(tmp_path).open_rows() == [row]


def test_without_a_name_the_drill_is_its_folder(tmp_path: Path) -> None:
    intend(Ledger(tmp_path), "seal")
    assert Ledger(tmp_path).open_rows()[0].drill == tmp_path.name


def test_no_ledger_no_faults(tmp_path: Path) -> None:
    assert Ledger(tmp_path).open_rows() == []
    assert Ledger(tmp_path).damaged() == []
    assert list(tmp_path.iterdir()) == []


def test_open_until_proven_newest_first(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    for fault in ("one", "two", "three"):
        intend(ledger, fault)
    ledger.mark("two", "proven")
    ledger.mark("one", "unproven")
    assert [(row.fault, row.state) for row in ledger.open_rows()] == [
        ("three", "intended"),
        ("one", "unproven"),
    ]


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.sampled_from(STATES)), max_size=12))
def test_the_latest_row_of_each_fault_counts(
    tmp_path_factory: pytest.TempPathFactory, marks: list[tuple[str, State]]
) -> None:
    folder = tmp_path_factory.mktemp("ledger")
    ledger = Ledger(folder)
    expected = dict.fromkeys("abc", "intended")
    for fault in expected:
        intend(ledger, fault)
    for fault, state in marks:
        ledger.mark(fault, state)
        expected[fault] = state
    assert {fault: row.state for fault, row in Ledger(folder).latest().items()} == expected
    assert {row.fault for row in Ledger(folder).open_rows()} == {
        f for f, s in expected.items() if s != "proven"
    }


def test_what_was_never_intended_cannot_be_marked(tmp_path: Path) -> None:
    with pytest.raises(LedgerFailed, match="has no row of the fault seal, which is injected"):
        Ledger(tmp_path).mark("seal", "injected")


def test_one_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    (tmp_path / "ledger.jsonl").mkdir()
    for asked in (Ledger(tmp_path).open_rows, Ledger(tmp_path).damaged):
        with pytest.raises(LedgerFailed, match=r"ledger\.jsonl cannot be read: Is a directory"):
            asked()
    with pytest.raises(LedgerFailed, match="cannot be read"):
        Ledger(tmp_path).mark("seal", "healed")


def test_a_state_that_there_is_not(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    intend(ledger, "seal")
    state: State = "gone"  # type: ignore[assignment]  # the point
    with pytest.raises(ValueError, match="a fault has no state 'gone'"):
        ledger.mark("seal", state)


@pytest.mark.parametrize("undo", [{"ports": {8200: "vault"}}, {"pair": (1, 2)}, {"nan": float("nan")}])
def test_an_undo_that_would_read_back_otherwise_is_refused(tmp_path: Path, undo: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"the undo of seal does not read back|not JSON compliant"):
        intend(Ledger(tmp_path), "seal", undo)
    assert Ledger(tmp_path).open_rows() == []


@given(cut=st.integers(1, 200))
def test_a_torn_last_line_was_never_promised(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    folder = tmp_path_factory.mktemp("torn")
    ledger = Ledger(folder)
    intend(ledger, "one")
    whole = (folder / "ledger.jsonl").read_bytes()
    intend(ledger, "two")
    content = (folder / "ledger.jsonl").read_bytes()
    (folder / "ledger.jsonl").write_bytes(content[: max(len(content) - cut, len(whole))])
    assert [row.fault for row in Ledger(folder).open_rows()] == ["one"]
    intend(Ledger(folder), "three")
    assert [row.fault for row in Ledger(folder).open_rows()] == ["three", "one"]
    assert Ledger(folder).damaged() == []


@pytest.mark.parametrize("line", [b"{", b"[]", b'{"fault":"x"}', b'{"state":"proven"}', b"\xff", b""])
def test_damage_hides_no_other_fault_and_is_told(tmp_path: Path, line: bytes) -> None:
    ledger = Ledger(tmp_path)
    intend(ledger, "one")
    with (tmp_path / "ledger.jsonl").open("ab") as file:
        file.write(line + b"\n")
    intend(ledger, "two")
    assert [row.fault for row in ledger.open_rows()] == ["two", "one"]
    assert ledger.damaged() == [2]


@pytest.mark.parametrize(
    "wrong",
    [{"params": [1]}, {"undo": "x"}, {"undo": None}, {"fault": 1}, {"type": []}, {"probe": {}}, {"wall": 0}],
)
def test_a_row_with_a_value_that_cannot_be_is_damage(tmp_path: Path, wrong: dict[str, Any]) -> None:
    ledger, path = Ledger(tmp_path), tmp_path / "ledger.jsonl"
    intend(ledger, "one")
    path.write_text(path.read_text() + json.dumps(json.loads(path.read_text()) | wrong) + "\n")
    intend(ledger, "two")
    assert [row.fault for row in ledger.open_rows()] == ["two", "one"]
    assert ledger.damaged() == [2]


def test_a_later_versions_row_is_read(tmp_path: Path) -> None:
    intend(Ledger(tmp_path), "seal")
    path = tmp_path / "ledger.jsonl"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"new": 1}) + "\n")
    assert [row.fault for row in Ledger(tmp_path).open_rows()] == ["seal"]


def test_a_full_disk_is_a_clear_error_and_the_ledger_stays_whole(tmp_path: Path, full_disk: FullDisk) -> None:
    ledger = Ledger(tmp_path)
    intend(ledger, "one")
    size = (tmp_path / "ledger.jsonl").stat().st_size
    with full_disk(size + 20), pytest.raises(LedgerFailed) as caught:
        intend(ledger, "two")
    assert (
        "cannot be written: File too large (the fault two, vault.seal on vault, is intended)"
        in caught.value.message
    )
    assert caught.value.exit_code is Exit.ABORTED
    assert [row.fault for row in ledger.open_rows()] == ["one"]
    intend(ledger, "three")
    assert [row.fault for row in ledger.open_rows()] == ["three", "one"]
    assert ledger.damaged() == []


def test_file_and_folder_are_synced_before_it_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    fsync = os.fsync

    def watched(handle: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{handle}"))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", watched)
    intend(Ledger(tmp_path), "seal")
    assert synced == [str(tmp_path / "ledger.jsonl"), str(tmp_path)]


INTENDING = """
import sys
from pathlib import Path
from blackstart.faults.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]))
for number in range(10_000):
    ledger.intend(str(number), type="t", target="x", params={}, undo={})
    print(number, flush=True)
"""


def test_what_was_promised_survives_kill_9(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", INTENDING, tmp_path], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            promised = int(line)
            if promised == 20:
                process.send_signal(signal.SIGKILL)
    found = {int(row.fault) for row in Ledger(tmp_path).open_rows()}
    assert set(range(promised + 1)) <= found


def test_who_mended_one_turn_has_not_mended_the_next(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.intend("sealed", type="vault.seal", target="vault", params={}, undo={})
    assert not ledger.by_people("sealed")
    for state, mended in (
        ("injected", False),
        ("recovered", True),
        ("injected", False),
        ("effective", False),
    ):
        ledger.mark("sealed", state)  # type: ignore[arg-type]  # the literals of a tuple are texts to mypy
        assert ledger.by_people("sealed") is mended

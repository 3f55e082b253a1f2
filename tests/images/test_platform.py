from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from bakery import platform
from bakery.entries import File
from bakery.errors import BakeError
from bakery.platform import Bytecode, platform_entries
from bakery.running import Running


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    package = tmp_path / "harness" / "blackstart"
    (package / "__pycache__").mkdir(parents=True)
    (package / "one.py").write_text("ANSWER = 42\n")
    (package / "lock.txt").write_text("a lock")
    (package / "__pycache__" / "one.cpython-311.pyc").write_bytes(b"stale")
    monkeypatch.setattr(platform, "SOURCES", tmp_path / "harness")
    return package


def test_every_source_goes_in_and_no_bytecode_that_lies_about(
    sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "IMAGES_PYTHON", None)
    entries = platform_entries("/opt")
    assert entries == [
        File("/opt/blackstart/lock.txt", b"a lock"),
        File("/opt/blackstart/one.py", b"ANSWER = 42\n"),
    ]


def test_bytecode_goes_in_when_this_python_can_make_it(
    sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "IMAGES_PYTHON", sys.version_info[:2])
    made = platform_entries("/opt")[-1]
    path = "/opt/blackstart/__pycache__/one.cpython-311.pyc"
    assert made == File(path, Bytecode("/opt/blackstart/one.py", b"ANSWER = 42\n"))


def test_python_takes_the_bytecode_whatever_the_sources_time(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("raise RuntimeError('the source was compiled again')")
    pyc = Path(importlib.util.cache_from_source(str(tmp_path / "one.py")))
    pyc.parent.mkdir()
    Bytecode("/opt/one.py", b"print(__name__)").make(pyc, tmp_path, Running())
    ran = subprocess.run(
        [sys.executable, "-c", "import one"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert ran.stdout == "one\n"


def test_a_source_that_is_no_python_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BakeError, match=r"/opt/one\.py cannot be compiled"):
        Bytecode("/opt/one.py", b"def:").make(tmp_path / "pyc", tmp_path, Running())

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from blackstart.errors import MissingTool
from blackstart.replica import tools
from blackstart.replica.tools import LOCKS, TOOLS, Tool, ensure_tools, pinned, tool_status


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Tool:
    """A tool of one small package, cut out of the registry's own lock, in a cache of its own."""
    lock = (LOCKS / "registry.txt").read_text("utf-8")
    six = re.search(r"^six==.*?(?=^\S)", lock, flags=re.MULTILINE | re.DOTALL)
    assert six is not None
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks" / "small.txt").write_text(six.group(), "utf-8")
    monkeypatch.setattr(tools, "LOCKS", tmp_path / "locks")
    monkeypatch.setattr(tools, "TOOLS", {"small": Tool("small", "six")})
    monkeypatch.setenv("BLACKSTART_CACHE", str(tmp_path / "cache"))
    return Tool("small", "six")


def test_every_lock_pins_its_package_and_hashes_every_line() -> None:
    for tool in TOOLS.values():
        lock = tool.lock.read_text("utf-8")
        assert tool.package in pinned(lock)
        entries = re.split(r"^(?=[A-Za-z])", lock, flags=re.MULTILINE)[1:]
        assert len(entries) == len(pinned(lock))
        assert all("--hash=sha256:" in entry for entry in entries)


def test_no_lock_names_a_host_or_asks_for_a_compiler() -> None:
    for tool in TOOLS.values():
        lock = tool.lock.read_text("utf-8")
        assert "://" not in lock
        assert "sha256" not in pinned(lock), "the C extension without wheels"


def test_pinned_reads_markers_and_continuations() -> None:
    lock = "a-b==1.0 \\\n    --hash=sha256:00\nc.d==2.0 ; python_version < '3.12' \\\n    --hash=sha256:11\n"
    assert pinned(lock) == {"a-b": "1.0", "c.d": "2.0"}


def test_a_changed_lock_is_another_environment(small: Tool) -> None:
    before = small.folder
    small.lock.write_text(small.lock.read_text("utf-8") + "\n", "utf-8")
    assert small.folder != before
    assert small.folder.name.startswith("small-")


def test_status_before_and_after(small: Tool) -> None:
    (before,) = tool_status()
    assert (before.name, before.ready, before.folder) == ("small", False, small.folder)
    assert re.fullmatch(r"six \d+\.\d+\.\d+", before.version)
    told: list[tuple[str, int, int]] = []
    ensure_tools(lambda *news: told.append(news))
    assert told[0] == ("fetching tools", 0, 1)
    assert told[-1] == (f"{before.version} is ready", 1, 1)
    (after,) = tool_status()
    assert after.ready


def test_an_environment_works_where_it_is_used(small: Tool) -> None:
    ensure_tools(lambda *news: None)
    code = "import six; print(six.__file__)"
    done = subprocess.run([small.python, "-c", code], capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()).is_relative_to(small.folder)
    assert list(small.folder.rglob("six.*.pyc")), "compiled when made, not at every start"


def test_nothing_is_done_when_all_is_there(small: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    ensure_tools(lambda *news: None)
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(small.folder / "no-cache"))
    told: list[tuple[str, int, int]] = []
    ensure_tools(lambda *news: told.append(news))
    assert told == []


def test_without_network_and_cache_the_error_names_what_is_missing(
    small: Tool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "empty"))
    with pytest.raises(MissingTool) as seen:
        ensure_tools(lambda *news: None)
    assert f"the tool environment small (six {small.version}) cannot be made" in seen.value.message
    assert str(tmp_path / "cache" / "tools") in seen.value.message
    assert "network was disabled" in seen.value.message
    assert "BLACKSTART_CACHE" in seen.value.hint
    assert not [path for path in small.folder.parent.iterdir() if path.suffix != ".lock"]


def test_a_package_that_is_not_what_was_locked_is_refused(small: Tool) -> None:
    lock = re.sub(r"sha256:[0-9a-f]{64}", "sha256:" + "0" * 64, small.lock.read_text("utf-8"))
    small.lock.write_text(lock, "utf-8")
    with pytest.raises(MissingTool, match=r"[Hh]ash"):
        ensure_tools(lambda *news: None)
    assert not small.folder.exists()


_BUILD = """
import sys
from pathlib import Path
from blackstart.replica import tools
tools.LOCKS = Path(sys.argv[1])
tools.TOOLS = {"small": tools.Tool("small", "six")}
tools.ensure_tools(lambda *news: None)
"""


def test_parallel_first_runs(small: Tool) -> None:
    argv = [sys.executable, "-c", _BUILD, str(small.lock.parent)]
    runs = [subprocess.Popen(argv, env=dict(os.environ)) for _ in range(3)]
    assert [run.wait() for run in runs] == [0, 0, 0]
    assert small.python.exists()
    assert not list(small.folder.parent.glob("*.partial"))
    subprocess.run([small.python, "-c", "import six"], check=True)

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from blackstart.replica.programs.audit_log import next_free, rotate, run
from blackstart.replica.waiting import wait_until

LIMIT_S = 30.0


@pytest.fixture
def log(tmp_path: Path) -> Path:
    file = tmp_path / "audit.log"
    file.write_text("{}\n")
    return file


def test_a_log_with_room(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(log.parent, []) == 0
    assert capsys.readouterr().out == f"{log}: 3 bytes; it can be written to\n"
    assert log.read_text() == "{}\n", "asking writes nothing into it"


def test_a_log_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, ["status"]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'audit.log'}: not there; it can be written to\n"


def test_a_full_device(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "audit.log"
    log.symlink_to("/dev/full")
    assert run(tmp_path, ["status"]) == 1
    assert capsys.readouterr().out == f"{log}: a link to /dev/full; No space left on device\n"


def test_a_folder_in_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "audit.log").mkdir()
    assert run(tmp_path, ["status"]) == 1
    assert capsys.readouterr().out.endswith("; Is a directory\n")


def test_rotating_puts_a_log_aside(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log.with_name("audit.log.1").touch()
    assert rotate(log.parent) == 0
    assert log.with_name("audit.log.2").read_text() == "{}\n"
    assert not log.exists()
    assert next_free(log).name == "audit.log.3"
    assert capsys.readouterr().out.splitlines() == [
        "put audit.log aside as audit.log.2",
        "Vault does not run: it opens its log when it starts",
    ]


def test_rotating_takes_a_link_away(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "audit.log"
    log.symlink_to("/dev/full")
    assert run(tmp_path, ["rotate"]) == 0
    assert not log.is_symlink()
    assert capsys.readouterr().out.startswith("took away the link to /dev/full\n")


def test_the_server_of_that_folder_is_told_and_no_other(
    log: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path_factory.mktemp("other")
    servers = [_server(log.parent), _server(other)]
    try:
        for folder in (log.parent, other):
            assert wait_until((folder / "ready").exists, LIMIT_S)
        rotate(log.parent)
        assert wait_until((log.parent / "told").exists, LIMIT_S)
        assert not (other / "told").exists()
        assert capsys.readouterr().out.endswith("told Vault to open its log again\n")
    finally:
        for server in servers:
            server.kill()
            server.wait()


def _server(folder: Path) -> subprocess.Popen[bytes]:
    """Something that is called as a server is, and notes SIGHUP."""
    (folder / "server").write_text("trap 'touch told' HUP\ntouch ready\nwhile :; do sleep 0.02; done\n")
    return subprocess.Popen(["bash", "server"], cwd=folder)


def test_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, ["erase"]) == 2
    assert run(tmp_path, ["status", "twice"]) == 2
    assert "usage: audit-log [status|rotate]" in capsys.readouterr().err

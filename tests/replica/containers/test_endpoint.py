"""Which docker is meant, and which is refused."""

from __future__ import annotations

import hashlib
import json
import socket
from pathlib import Path

import pytest

from blackstart.errors import MissingTool, UsageError
from blackstart.replica.containers.endpoint import (
    DEFAULT_HOST,
    Endpoint,
    chosen,
    refuse_remote,
    see_it_listens,
)

FAR = Endpoint("far", "ssh://me@far")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose docker knows a context `far`, and uses it."""
    config = tmp_path / ".docker"
    meta = config / "contexts" / "meta" / hashlib.sha256(b"far").hexdigest()
    meta.mkdir(parents=True)
    (meta / "meta.json").write_text(json.dumps({"Name": "far", "Endpoints": {"docker": {"Host": FAR.host}}}))
    (config / "config.json").write_text(json.dumps({"currentContext": "far"}))
    return tmp_path


def test_without_a_word_it_is_this_machines(tmp_path: Path) -> None:
    assert chosen({"HOME": str(tmp_path)}) == Endpoint("default", DEFAULT_HOST)


def test_the_context_in_use(home: Path) -> None:
    assert chosen({"HOME": str(home)}) == FAR


def test_a_variable_comes_before_the_context_in_use(home: Path) -> None:
    assert chosen({"HOME": str(home), "DOCKER_CONTEXT": "default"}).host == DEFAULT_HOST
    both = {"HOME": str(home), "DOCKER_CONTEXT": "far", "DOCKER_HOST": "unix:///run/x.sock"}
    assert chosen(both) == Endpoint("unix:///run/x.sock", "unix:///run/x.sock")


def test_dockers_own_folder_may_be_elsewhere(home: Path) -> None:
    assert chosen({"HOME": "/", "DOCKER_CONFIG": str(home / ".docker")}) == FAR


def test_a_context_that_does_not_exist_is_an_error(home: Path) -> None:
    with pytest.raises(UsageError, match="docker has no context 'moon'") as caught:
        chosen({"HOME": str(home), "DOCKER_CONTEXT": "moon"})

    assert "docker context ls" in caught.value.hint


def test_a_context_that_cannot_be_read_is_another_error(home: Path) -> None:
    next((home / ".docker" / "contexts").rglob("meta.json")).write_text("{")
    with pytest.raises(UsageError, match="docker's context 'far' cannot be read"):
        chosen({"HOME": str(home)})


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("tcp://127.0.0.1:1", "is not this machine's local socket"),
        ("tcp://[::1]:1", "is not this machine's local socket"),
        ("ssh://me@localhost", "is not this machine's local socket"),
        ("garbage", "is no address of a docker"),
        ("tcp://", "is no address of a docker"),
    ],
)
def test_what_is_not_another_machine_is_not_called_that(host: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        refuse_remote(Endpoint(host, host), ())
    assert "unset DOCKER_HOST" in caught.value.hint


@pytest.mark.parametrize("host", ["tcp://10.0.0.1:2375", "ssh://me@far", "http://far:1"])
def test_another_machine_is_refused(host: str) -> None:
    with pytest.raises(UsageError, match=r"docker's context 'far' leads to another machine") as caught:
        refuse_remote(Endpoint("far", host), ())
    assert "allow that context by its name" in caught.value.hint


def test_one_that_is_allowed_by_name_is_not() -> None:
    refuse_remote(FAR, {"far"})
    with pytest.raises(UsageError):
        refuse_remote(FAR, {"near"})


def test_local_sockets_are_this_machine() -> None:
    refuse_remote(Endpoint("x", "unix:///run/user/1000/docker.sock"), ())
    refuse_remote(Endpoint("x", "npipe:////./pipe/docker_engine"), ())


def at(path: Path) -> Endpoint:
    return Endpoint("default", f"unix://{path}")


def test_no_docker_and_none_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingTool, match="docker is not installed") as caught:
        see_it_listens(at(tmp_path / "none.sock"))
    assert "--replica local" in caught.value.hint


def test_a_docker_that_does_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker = tmp_path / "docker"
    docker.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingTool, match=r"docker does not run: .*No such file or directory") as caught:
        see_it_listens(at(tmp_path / "none.sock"))
    assert "start it" in caught.value.hint


def test_no_permission_on_its_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may do everything, so the kernel's word is ours here."""

    class Denied(socket.socket):
        def connect(self, address: object) -> None:
            raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket, "socket", Denied)
    with pytest.raises(MissingTool, match=f"no permission on {tmp_path}/docker.sock") as caught:
        see_it_listens(at(tmp_path / "docker.sock"))
    assert "usermod -aG docker" in caught.value.hint


def test_one_that_listens(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "d.sock"))
        server.listen()
        see_it_listens(at(tmp_path / "d.sock"))

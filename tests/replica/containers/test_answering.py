"""What is said of a docker that gives no answer: a sentence, and nothing of the SDK's insides."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from blackstart.errors import MissingTool
from blackstart.replica.containers import engine as module
from blackstart.replica.containers.answering import why_silent
from blackstart.replica.containers.endpoint import Endpoint
from blackstart.replica.containers.engine import DaemonGone, Engine


def wrapped(*errors: Exception) -> Exception:
    """Each error in the next one's arguments, as requests and urllib3 do it."""
    whole = errors[0]
    for each in errors[1:]:
        each.args = (*each.args, whole)
        whole = each
    return whole


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (wrapped(TimeoutError("timed out"), ValueError("UnixHTTPConnectionPool")), "says nothing for 10 s"),
        (ValueError("Read timed out. (read timeout=10)"), "says nothing for 10 s"),
        (
            wrapped(ConnectionResetError(104, "Connection reset by peer"), ValueError()),
            "Connection reset by peer",
        ),
        (ValueError("Connection aborted."), "closes the connection without an answer"),
        (ValueError("Expecting value"), "cannot be read (ValueError)"),
    ],
)
def test_the_reason(error: Exception, said: str) -> None:
    assert said in why_silent(error, 10)


def test_one_that_takes_connections_and_never_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_S", 1.0)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "d.sock"))
        server.listen()
        where = Endpoint("default", f"unix://{tmp_path}/d.sock")
        with pytest.raises(MissingTool, match="it takes connections and says nothing for 1 s") as caught:
            Engine.connect(endpoint=where)
    assert "UnixHTTP" not in caught.value.message


def test_one_that_falls_silent_later(engine: Engine) -> None:
    from requests.exceptions import ReadTimeout

    api: Any = engine.client.api
    api.timeout = 60
    with pytest.raises(DaemonGone, match=r"says nothing for 60 s$"), engine.saying("listing containers"):
        raise ReadTimeout("UnixHTTPConnectionPool(host='localhost', port=None): Read timed out.")

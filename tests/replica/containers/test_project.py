"""What is laid over a compose file so that everything of it carries the drill's label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from blackstart.errors import ReplicaError
from blackstart.replica.containers import project as project_module
from blackstart.replica.containers.engine import Engine
from blackstart.replica.containers.project import Project, labelled

if TYPE_CHECKING:
    from pathlib import Path

MARK = {"labels": {"blackstart.drill": "drill-1"}}


def test_everything_that_is_made_gets_the_label() -> None:
    config = {
        "services": {"a": {"image": "x"}, "b": {}},
        "networks": {"default": None, "own": {}},
        "volumes": {"kept": {}},
    }
    assert labelled(config, "drill-1") == {
        "services": {"a": MARK, "b": MARK},
        "networks": {"default": MARK, "own": MARK},
        "volumes": {"kept": MARK},
    }


def test_what_is_external_stays_its_owners() -> None:
    config = {"services": {"a": {}}, "networks": {"theirs": {"external": True}}}
    assert labelled(config, "drill-1") == {"services": {"a": MARK}, "networks": {}}


def starting(engine: Engine) -> None:
    """Its only container is up, and not healthy yet."""
    api: Any = engine.client.api
    labels = {"com.docker.compose.service": "search"}
    api.containers.return_value = [
        {"Id": "1", "State": "running", "Status": "Up 2 seconds (health: starting)", "Labels": labels}
    ]
    began = {"Running": True, "StartedAt": "2026-01-02T03:04:05.678901234Z"}
    api.inspect_container.return_value = {"State": began, "Config": {"Labels": labels}}
    api.logs.return_value = b"indexing\n"


@pytest.mark.parametrize("ended", [True, False], ids=["compose has ended", "compose waits on"])
def test_whoever_waited_in_vain_is_told_how_to_give_it_more(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ended: bool
) -> None:
    starting(engine)
    project = Project(engine, "p", [], {}, "d", tmp_path)
    monkeypatch.setattr(project_module, "have_images", lambda *_: None)
    monkeypatch.setattr(Engine, "see_room", lambda self: None)
    monkeypatch.setattr(Project, "config", lambda self: {"services": {"search": {"image": "x"}}})
    monkeypatch.setattr(Project, "_bring_up", lambda *_: ended)
    monkeypatch.setattr(Project, "down", lambda self, **_: None)
    with pytest.raises(ReplicaError, match=r"^search did not come up .*\nindexing") as caught:
        project.up(lambda what, done, total: None, 0.0, slow="give it more")
    assert caught.value.hint.startswith("give it more; ")

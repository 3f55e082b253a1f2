"""What is laid over a compose file so that everything of it carries the drill's label."""

from __future__ import annotations

from blackstart.replica.containers.project import labelled

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

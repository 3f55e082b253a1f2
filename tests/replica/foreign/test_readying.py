"""Every image of a user's file is had before there is a drill of it: pulled, or built under the name that drills use."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any
from unittest.mock import MagicMock

import pytest
from tests.replica.foreign.conftest import image_ports, shop

from blackstart.errors import UsageError
from blackstart.replica.containers.cli import Compose
from blackstart.replica.foreign import readying
from blackstart.replica.foreign.judge import judge
from blackstart.replica.foreign.readying import have_built, ready
from blackstart.replica.foreign.sidecar import Images

BUILT = {"build": {"context": "."}, "networks": {"default": None}}
FILE = Path("/srv/shop/docker-compose.yml")


class Builder:
    """Stands for `docker compose build`: which services it was to build, and what it was told of their names."""

    def __init__(self) -> None:
        self.words: list[tuple[str, ...]] = []
        self.names: dict[str, Any] = {}
        self.fails = False

    def run(self, compose: Compose, words: tuple[str, ...]) -> CompletedProcess[str]:
        self.words.append(words)
        argv = compose.argv(words)
        files = [Path(after) for word, after in pairwise(argv) if word == "-f"]
        assert files[0] == FILE
        self.names = json.loads(files[1].read_text("utf-8"))["services"]
        return CompletedProcess(argv, int(self.fails), "", "no such\nbase image\n")


@pytest.fixture
def builder(monkeypatch: pytest.MonkeyPatch) -> Builder:
    made = Builder()
    monkeypatch.setattr(Compose, "run", lambda compose, words: made.run(compose, words))
    monkeypatch.setattr(readying, "sidecar_images", lambda: Images("toxiproxy:2", "platform:1"))
    return made


def docker(*here: str) -> Any:
    engine = MagicMock()
    engine.has.side_effect = lambda image: image in here
    engine.env.return_value = {}
    return engine


def readied(config: dict[str, Any], engine: Any) -> list[str]:
    told: list[str] = []
    ready(engine, FILE, config, judge(config, image_ports), lambda what, done, total: told.append(what))
    return told


def test_whatever_is_not_built_is_pulled_sidecars_too(builder: Builder) -> None:
    engine = docker("postgres:15", "nginx:1.22.1", "shop/api")
    assert readied(shop(), engine) == ["pulling mailer", "pulling platform:1", "pulling toxiproxy:2"]
    assert [call.args for call in engine.client.images.pull.call_args_list] == [
        ("mailer",),
        ("platform:1",),
        ("toxiproxy:2",),
    ]
    assert builder.words == []


def test_what_no_proxy_stands_before_needs_none(builder: Builder) -> None:
    config = shop(web=None, api=None, db=None)
    assert readied(config, docker()) == ["pulling mailer"]


def test_what_the_file_builds_is_built_each_time(builder: Builder) -> None:
    """Its sources may have changed; docker knows what has not."""
    config = shop(mailer=BUILT, cron={**BUILT, "image": "Own/cron"})
    engine = docker("postgres:15", "nginx:1.22.1", "shop/api", "toxiproxy:2", "platform:1", "Own/cron")
    assert readied(config, engine) == ["building mailer, cron"]
    assert builder.words == [("build", "mailer", "cron")]
    assert builder.names == {
        "mailer": {"image": "blackstart-drill/shop-mailer"},
        "cron": {"image": "Own/cron"},
    }


def test_within_a_drill_only_what_has_gone_meanwhile(builder: Builder) -> None:
    config = shop(mailer=BUILT, cron={**BUILT, "image": "own/cron"})
    have_built(docker("blackstart-drill/shop-mailer", "own/cron"), FILE, config, MagicMock())
    assert builder.words == []
    have_built(docker("own/cron"), FILE, config, MagicMock())
    assert builder.words == [("build", "mailer")]


def test_what_cannot_be_built_is_told_in_composes_words(builder: Builder) -> None:
    builder.fails = True
    with pytest.raises(UsageError, match="docker compose build fails:\nno such\nbase image"):
        have_built(docker(), FILE, shop(mailer=BUILT), MagicMock())

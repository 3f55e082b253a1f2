from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bakery import golang
from bakery.errors import BakeError
from bakery.golang import GoModule, GoProgram
from bakery.running import Running

Fake = Callable[[str, str], Path]

GO = """\
case "$1" in
    version) echo "go version go{version} linux/amd64" ;;
    mod) echo '{{"Sum": "h1:right="}}' ;;
    install) {install} ;;
esac
"""


def program(total: str = "h1:right=") -> GoProgram:
    return GoProgram(
        "server", GoModule("example.test/m/v2", "v2.1.0", total), "/cmd/server", "example.test/m/v2.Version"
    )


def test_it_is_built_from_the_pinned_version_and_told_its_own(fake: Fake, tmp_path: Path) -> None:
    fake("go", GO.format(version="1.99.1", install='echo "$@" > $GOBIN/server'))
    program().make(tmp_path / "made", tmp_path, Running())
    assert (tmp_path / "made").read_text() == (
        "install -trimpath -buildvcs=false -ldflags -s -w -X example.test/m/v2.Version=2.1.0 "
        "example.test/m/v2/cmd/server@v2.1.0\n"
    )
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith("made")] == ["made"]


def test_another_sum_than_the_pinned_one_is_refused(fake: Fake, tmp_path: Path) -> None:
    fake("go", GO.format(version="1.99.1", install="exit 1"))
    with pytest.raises(BakeError, match=r"has the sum h1:right=, and .* pins h1:wrong="):
        program("h1:wrong=").make(tmp_path / "made", tmp_path, Running())


def test_what_go_says_is_told(fake: Fake, tmp_path: Path) -> None:
    fake("go", GO.format(version="1.99.1", install="echo dial tcp: no route >&2; exit 1"))
    with pytest.raises(BakeError, match="dial tcp: no route") as raised:
        program().make(tmp_path / "made", tmp_path, Running())
    assert "GOPROXY" in raised.value.hint


@pytest.mark.parametrize("version", ["1.9.1", "0.0.0"])
def test_an_old_go_is_passed_over_for_the_pinned_one(
    fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    fake("go", GO.format(version=version, install="exit 1"))
    pinned = tmp_path / "pinned" / "go" / "bin" / "go"
    pinned.parent.mkdir(parents=True)
    pinned.write_text("#!/bin/sh\n" + GO.format(version="1.99.1", install="echo pinned > $GOBIN/server"))
    monkeypatch.setattr(golang, "installed", lambda *_: tmp_path / "pinned")
    program().make(tmp_path / "made", tmp_path, Running())
    assert (tmp_path / "made").read_text() == "pinned\n"


def test_the_key_follows_the_sum() -> None:
    assert program("h1:a=").key != program("h1:b=").key

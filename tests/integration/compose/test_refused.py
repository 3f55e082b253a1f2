"""What docker lacks is told before there is a drill, by the program as its user runs it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..conftest import SCENARIO

if TYPE_CHECKING:
    from blackstart.replica.containers.engine import Engine

    from ..conftest import Blackstart

NOWHERE = "127.0.0.1:1/no/such:1"


def test_an_image_that_cannot_be_had_uses_up_no_number(
    engine: Engine, tmp_path: Path, blackstart: Blackstart
) -> None:
    reports = tmp_path / "reports"
    words = ("run", SCENARIO, "--replica", "compose", "--reports-dir", reports)
    done = blackstart(*words, OPENBAO_IMAGE=NOWHERE)
    assert (done.returncode, done.stdout.split()) == (2, ["pulling", NOWHERE])
    assert f"the image {NOWHERE} is missing and cannot be pulled" in done.stderr
    assert "images/bake" in done.stderr
    assert not reports.exists()
    assert blackstart(*words, "--dry-run", OPENBAO_IMAGE=NOWHERE).returncode == 0, "which pulls nothing"

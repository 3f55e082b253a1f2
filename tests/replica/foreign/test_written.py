"""What another process finds of a drill of a user's compose file."""

from __future__ import annotations

from pathlib import Path

from tests.replica.foreign.conftest import image_ports, shop

from blackstart.platform import Platform
from blackstart.replica.foreign.judge import judge
from blackstart.replica.foreign.override import Places
from blackstart.replica.foreign.written import Written

PLATFORM = Platform.model_validate({"kind": "platform", "components": {}, "capabilities": {}, "teams": {}})


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    places = Places.choose(judge(shop(), image_ports), list(range(1, 20)))
    written = Written("d", ("ann",), Path("shop.yml"), shop(), {"dns": ("53/udp",)}, places, PLATFORM, 600.0)
    written.write(tmp_path)
    assert Written.read(tmp_path, "d") == written

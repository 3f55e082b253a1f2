"""What a stage says to the watchdog before it begins what takes long."""

from __future__ import annotations

from unittest.mock import MagicMock

import pytest

from blackstart.drill.stages import LONGEST_START_S, provision


class Stop(Exception):
    """Ends the stage where a test has seen enough."""


@pytest.mark.parametrize(
    ("patience", "lease_s"), [({}, LONGEST_START_S), ({"up_within_s": 600.0}, LONGEST_START_S + 1200.0)]
)
def test_a_platform_that_comes_up_slowly_has_all_its_time(patience: dict[str, float], lease_s: float) -> None:
    drill = MagicMock()
    drill.conductor.replaying.return_value = False
    drill.replica = MagicMock(spec_set=["up", *patience], up=MagicMock(side_effect=Stop), **patience)
    with pytest.raises(Stop):
        provision(drill)
    drill.pulse.beat.assert_called_once_with(lease_s)

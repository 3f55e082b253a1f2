"""How it is said what there was."""

from __future__ import annotations

import pytest

from blackstart.replica.containers.removal import Counts, counts


def test_counts_in_words() -> None:
    assert str(Counts(2, 1, 0)) == "2 containers, 1 network and no volume"
    assert Counts(0, 0, 1)
    assert not Counts(0, 0, 0)


def test_without_a_label_everything_would_be_found(engine: object) -> None:
    with pytest.raises(ValueError, match="label"):
        counts(engine, "")  # type: ignore[arg-type]  # it is not asked

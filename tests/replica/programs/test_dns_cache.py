from __future__ import annotations

from pathlib import Path

from blackstart.replica.programs.dns_cache import AHEAD, FLUSH, flush, pass_time, seconds_ahead


def test_each_order_to_forget_is_another(tmp_path: Path) -> None:
    flush(tmp_path)
    first = (tmp_path / FLUSH).read_text()
    flush(tmp_path)
    assert (tmp_path / FLUSH).read_text() != first


def test_time_that_passes_adds_up(tmp_path: Path) -> None:
    assert seconds_ahead(tmp_path / AHEAD) == 0.0
    pass_time(tmp_path, 30.0)
    pass_time(tmp_path, 0.5)
    assert seconds_ahead(tmp_path / AHEAD) == 30.5

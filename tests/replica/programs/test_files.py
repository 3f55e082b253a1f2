from __future__ import annotations

import threading
from pathlib import Path

from blackstart.replica.programs.files import locked, replaced


def test_a_file_is_put_in_anothers_place_readable_by_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "zone.json"
    file.write_bytes(b"old")
    replaced(file, b"new")
    assert file.read_bytes() == b"new"
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_who_has_the_old_file_open_reads_it_whole(tmp_path: Path) -> None:
    file = tmp_path / "zone.json"
    file.write_bytes(b"old")
    with file.open("rb") as reader:
        replaced(file, b"new")
        assert reader.read() == b"old"


def test_a_second_writer_waits(tmp_path: Path) -> None:
    order: list[str] = []

    def second() -> None:
        with locked(tmp_path):
            order.append("second")

    with locked(tmp_path):
        thread = threading.Thread(target=second)
        thread.start()
        order.append("first")
    thread.join()
    assert order == ["first", "second"]

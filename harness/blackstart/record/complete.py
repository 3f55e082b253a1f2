"""After a crash: `record.jsonl` becomes what the database says."""

from __future__ import annotations

from pathlib import Path

from blackstart.record.reader import lines

__all__ = ["complete"]


def complete(folder: Path) -> None:
    """Write `record.jsonl` anew from `record.sqlite`: a torn last line goes, what was missing comes."""
    part = folder / ".record.jsonl.part"
    with part.open("w", encoding="utf-8") as out:
        out.writelines(line + "\n" for line in lines(folder))
    part.replace(folder / "record.jsonl")

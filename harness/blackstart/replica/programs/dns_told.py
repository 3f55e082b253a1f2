"""Telling a DNS server that its folder has changed, when it does not look there at each question."""

from __future__ import annotations

from pathlib import Path

__all__ = ["COREFILE", "told"]

COREFILE = "Corefile"
"""A folder with this file is that of a CoreDNS. The embedded servers need not be told."""


def told(folder: Path) -> None:
    """Have the server of that folder serve what is in it; whoever calls it holds the folder's lock.

    OSError when it cannot be told; ValueError when it knows no words for what is there.
    """
    if (folder / COREFILE).exists():
        from blackstart.replica.programs.coredns import (
            follow,  # it reads zones and policies, whose writers call this
        )

        follow(folder)

"""Puts a drill together from what was asked, and takes it apart again: folder, record, watchdog, replica, people."""

from __future__ import annotations

__all__ = ["opened"]

"""The volumes of one service of a user's compose file: those that a drill makes for it.

Pure, like `judge.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blackstart.replica.containers.files import Mount, room_of

__all__ = ["volumes_of"]


def volumes_of(raw: Mapping[str, Any], config: Mapping[str, Any]) -> Iterator[Mount]:
    """The volumes of a service that are the drill's own, with the sizes that the file gives them."""
    known = config.get("volumes") or {}
    for mount in raw.get("volumes") or []:
        if mount.get("type") == "volume":
            source = str(mount.get("source", ""))
            options = (known.get(source) or {}).get("driver_opts") or {}
            yield Mount(
                str(mount.get("target", "")),
                "volume",
                source or "without a name",
                not mount.get("read_only"),
                ours=True,
                room=room_of(options),
            )

"""The toxics of UDP proxies: what becomes of one datagram. Pure; `udp_stage.py` puts them in a row and in time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Final

from blackstart.toxics.loop import MS
from blackstart.toxics.model import DAY_MS, Attribute, Attributes, ToxicType
from blackstart.toxics.udp_dns import truncated

__all__ = ["ACTS", "DELAY", "TYPES", "Act", "delay_ns"]

Act = Callable[[bytes, Attributes, Random], Sequence[bytes]]
"""What goes on in place of a datagram: nothing, itself, itself twice, or another."""


def _pass(data: bytes, attributes: Attributes, random: Random) -> Sequence[bytes]:
    return (data,)


def _drop(data: bytes, attributes: Attributes, random: Random) -> Sequence[bytes]:
    return () if random.random() < attributes["rate"] else (data,)


def _duplicate(data: bytes, attributes: Attributes, random: Random) -> Sequence[bytes]:
    return (data, data) if random.random() < attributes["rate"] else (data,)


def _corrupt(data: bytes, attributes: Attributes, random: Random) -> Sequence[bytes]:
    """One bit, anywhere, is turned: as a bad line does, and past the checksum, as a bad router does."""
    if not data or random.random() >= attributes["rate"]:
        return (data,)
    place, bit = divmod(random.randrange(len(data) * 8), 8)
    turned = bytearray(data)
    turned[place] ^= 1 << bit
    return (bytes(turned),)


def _truncate(data: bytes, attributes: Attributes, random: Random) -> Sequence[bytes]:
    return (truncated(data),)


def delay_ns(attributes: Attributes, place: float) -> int:
    """How long a datagram waits; `place`, from -1 to 1, is its own within the jitter."""
    wait_ms: float = attributes["delay"] + attributes["jitter"] * place
    return max(0, round(wait_ms * MS))


_UDP = frozenset({"udp"})
_RATE = Attribute("rate", float, 1.0, 0, 1, "of the datagrams")

DELAY: Final = ToxicType(
    "delay",
    (Attribute("delay", int, 0, 0, DAY_MS, "ms"), Attribute("jitter", int, 0, 0, DAY_MS, "ms")),
    protocols=_UDP,
)

TYPES: Final = (
    ToxicType("drop", (_RATE,), protocols=_UDP),
    DELAY,
    ToxicType("duplicate", (_RATE,), protocols=_UDP),
    ToxicType("corrupt", (_RATE,), protocols=_UDP),
    ToxicType("truncate", protocols=_UDP, streams=("downstream",)),
)

ACTS: Final[dict[str, Act]] = {
    "noop": _pass,
    "drop": _drop,
    "duplicate": _duplicate,
    "corrupt": _corrupt,
    "truncate": _truncate,
}

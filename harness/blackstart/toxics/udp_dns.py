"""Just enough of DNS messages to say "truncated, ask by TCP"."""

from __future__ import annotations

import struct

__all__ = ["truncated"]

_HEADER = struct.Struct(">HHHHHH")
"""Id, flags, and how many questions, answers, authorities and additional records follow (RFC 1035, 4.1.1)."""

_ANSWER = 0x8000
_TRUNCATED = 0x0200


def truncated(message: bytes) -> bytes:
    """An answer with its question alone and the TC bit set; what is no DNS answer comes back as it is."""
    if len(message) < _HEADER.size:
        return message
    number, flags, questions, *_ = _HEADER.unpack_from(message)
    end = _end_of_questions(message, questions)
    if not flags & _ANSWER or end is None:
        return message
    return _HEADER.pack(number, flags | _TRUNCATED, questions, 0, 0, 0) + message[_HEADER.size : end]


def _end_of_questions(message: bytes, questions: int) -> int | None:
    """Where the questions end; None where they do not fit into the message."""
    at = _HEADER.size
    for _ in range(questions):
        after = _end_of_name(message, at)
        if after is None or after + 4 > len(message):
            return None
        at = after + 4  # its type and its class
    return at


def _end_of_name(message: bytes, at: int) -> int | None:
    while at < len(message):
        length = message[at]
        if length & 0xC0:  # a pointer to elsewhere, two bytes, ends a name
            return at + 2
        at += length + 1
        if not length:
            return at
    return None

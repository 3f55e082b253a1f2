"""The table of every type of toxic, for all protocols, and which listener serves a protocol."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from blackstart.toxics import http_status, udp_toxics
from blackstart.toxics.effects import (
    bandwidth,
    latency,
    limit_data,
    noop,
    packet_loss,
    reset_peer,
    slicer,
    slow_close,
    timeout,
)

if TYPE_CHECKING:
    from blackstart.toxics.model import ToxicType
    from blackstart.toxics.proxy import ListenerClass

__all__ = ["LISTENERS", "TYPES", "listener_class"]

TYPES: Final[dict[str, ToxicType]] = {
    one.name: one
    for one in (
        noop.TYPE,
        latency.TYPE,
        bandwidth.TYPE,
        slow_close.TYPE,
        timeout.TYPE,
        reset_peer.TYPE,
        slicer.TYPE,
        limit_data.TYPE,
        packet_loss.TYPE,
        *udp_toxics.TYPES,
        http_status.TYPE,
    )
}

LISTENERS: Final = {
    "tcp": "blackstart.toxics.tcp:TcpListener",
    "udp": "blackstart.toxics.udp:UdpListener",
    "http": "blackstart.toxics.http:HttpListener",
}
"""Protocol of a proxy: the class that serves it, imported when the first proxy of that protocol is made."""


def listener_class(protocol: str) -> ListenerClass:
    """The class that serves a protocol. KeyError for an unknown one."""
    module, _, name = LISTENERS[protocol].partition(":")
    found: ListenerClass = getattr(import_module(module), name)
    return found

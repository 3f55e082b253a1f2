"""noop: changes nothing. The simplest toxic, and the one to copy for a new one."""

from __future__ import annotations

from blackstart.toxics.effects.base import Effect
from blackstart.toxics.model import ToxicType

TYPE = ToxicType("noop", protocols=frozenset({"tcp", "http", "udp"}), effect=Effect)

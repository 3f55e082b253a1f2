"""What every probe has in common: one question, a time limit, and a short true reason when the answer is no."""

from __future__ import annotations

import http.client
from collections.abc import Callable

from blackstart.clock import Instant, SystemTime
from blackstart.replica.base import ProbeOf, Reading
from blackstart.replica.programs.dnsclient import DnsError
from blackstart.replica.programs.httpclient import why

__all__ = ["TIMEOUT_S", "AskingProbe", "ProbeBroken", "Refused"]

TIMEOUT_S = 2.0
"""A probe that has heard nothing for this long is red."""


class Refused(Exception):
    """The server answered, but not with what was asked for; the text is the probe's reason."""


class ProbeBroken(Exception):
    """The probe's own means failed, so nothing can be said about its subject."""


class AskingProbe:
    """A probe that is green when its question raises nothing.

    `ask` gets the seconds it may take for each answer, and raises Refused, OSError, DnsError or HTTPException.
    Anything else means that the probe itself broke: missing.
    """

    def __init__(
        self,
        name: str,
        of: ProbeOf,
        subject: str,
        ask: Callable[[float], None],
        *,
        answers: int = 1,
    ) -> None:
        self.name = name
        self.of: ProbeOf = of
        self.subject = subject
        self.timeout_s = TIMEOUT_S
        self._ask = ask
        self._each_s = TIMEOUT_S / answers
        self._time = SystemTime()

    def read(self) -> Reading:
        """Ask once, and time it."""
        began = self._time.now()
        try:
            self._ask(self._each_s)
        except (Refused, DnsError, OSError, http.client.HTTPException) as error:
            return Reading("red", why(error), self._ms_since(began))
        except ProbeBroken as error:
            return Reading("missing", str(error), self._ms_since(began))
        except Exception as error:
            return Reading("missing", f"{type(error).__name__}: {error}", self._ms_since(began))
        return Reading("green", "", self._ms_since(began))

    def _ms_since(self, began: Instant) -> float:
        return self._time.now().seconds_since(began) * 1000

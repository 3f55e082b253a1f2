"""Pages that the replica's own monitoring sends: the alert is waited for, and fires the inject.

A condition of the story such as `when: {probe: vault, red_for: 1m}` is drill time; Prometheus' clock cannot jump. So
the instant of the page stays the usual one on the grid of drill time. If the alert is there by then, the page goes out
at exactly that instant, with the alert's own words. If it is still to come, it is waited for in real time: drill time
runs with it, and probes are sampled. Nobody is paged when it never comes: that is on record, and people learn of it
otherwise or not at all. An alert that no inject waits for is on record, and pages nobody: so the same story gives the
same findings on every replica.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from blackstart.events import AlertMissing, PageFired
from blackstart.people.alerts import ALERTMANAGER
from blackstart.people.pager import Alerted
from blackstart.replica.telling import Paging

if TYPE_CHECKING:
    from blackstart.drill.conductor import Conductor
    from blackstart.events import AlertReceived, Body
    from blackstart.people.alerts import Alerts
    from blackstart.people.pager import Pager
    from blackstart.replica.base import Replica
    from blackstart.scenario import Inject

__all__ = ["COMES_WITHIN_S", "Alerting"]

COMES_WITHIN_S = 30.0
"""Real seconds from the instant at which the page is due in which monitoring must have sent it."""


class Alerting:
    """Fires pages from alerts. It does so only once it has begun, on a replica that monitors itself."""

    def __init__(self, conductor: Conductor, alerts: Alerts, pager: Pager) -> None:
        self._conductor = conductor
        self._alerts = alerts
        self._pager = pager
        self.begun = False
        conductor.at_once.append(alerts.take)

    def begin(self, replica: Replica) -> None:
        """Follow the replica's alerts from now on, if it has any; in a replay, from its end on."""
        feed = replica.alerts() if isinstance(replica, Paging) else None
        if feed is not None:
            self.begun = True
            self._conductor.at_life(lambda: self._alerts.follow(feed))

    def close(self) -> None:
        """Read no more alerts."""
        self._alerts.close()

    def page(self, inject: Inject, probe: str) -> str | None:
        """Page people by this probe's alert: the page's id. Empty when the alert never came.

        None when the probe turned green while the alert was waited for, so that there is nothing to page about.
        """
        replay = self._conductor.replay
        if replay and (known := replay.upcoming()):
            return self._again(inject, probe, known.body)
        if alert := self._awaited(probe):
            by = Alerted(ALERTMANAGER, alert.alert, alert.fingerprint)
            return self._pager.fire(probe, _words(alert, inject), by)
        if self._is_red(probe):
            self._missing(AlertMissing(inject.id, probe, COMES_WITHIN_S))
            return ""
        return None

    def _awaited(self, probe: str) -> AlertReceived | None:
        """The probe's alert, if it comes in time and while the probe is red."""
        self._conductor.watch(
            lambda: self._alerts.firing(probe) is not None or not self._is_red(probe), COMES_WITHIN_S
        )
        return self._alerts.firing(probe)

    def _is_red(self, probe: str) -> bool:
        return self._conductor.probes().state(probe) == "red"

    def _missing(self, body: AlertMissing) -> None:
        self._conductor.emit(body, actor="harness", source="harness")

    def _again(self, inject: Inject, probe: str, known: Body) -> str | None:
        """The same as what is on record; no alert is waited for."""
        match known:
            case PageFired() if known.via and known.probe == probe:
                by = Alerted(known.via, known.alert, known.fingerprint)
                return self._pager.fire(probe, known.symptom.shown, by)
            case AlertMissing() if known.inject == inject.id:
                self._missing(known)
                return ""
            case _:
                return None


def _words(alert: AlertReceived, inject: Inject) -> str:
    """What the pager shows: the alert's name and its own summary; the story's words where the rule has none."""
    summary = alert.summary.shown
    return f"{alert.alert}: {summary}" if summary else inject.text

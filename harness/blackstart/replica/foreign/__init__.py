"""A user's own compose file as a replica: read, judged, laid over with what a drill needs, and broken."""

from blackstart.replica.foreign.replica import ForeignReplica

__all__ = ["ForeignReplica"]

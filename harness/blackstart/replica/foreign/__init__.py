"""A user's own compose file as a replica: read, judged, laid over with what a drill needs, and broken."""

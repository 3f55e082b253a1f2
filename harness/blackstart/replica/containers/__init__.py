"""Containers of a drill: the connection to docker, one compose project, its servers, its events, and its sweep."""

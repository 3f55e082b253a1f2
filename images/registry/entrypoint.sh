#!/bin/sh
# Behaves like the official image's: a configuration file alone is served; registry's subcommands need no `registry`.
set -e
case "$1" in
    *.yaml | *.yml) set -- registry serve "$@" ;;
    serve | garbage-collect | help | -*) set -- registry "$@" ;;
esac
exec "$@"

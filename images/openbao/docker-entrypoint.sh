#!/bin/sh
# Behaves like the official image's: `server` and other subcommands of bao need no `bao` before them, the
# configuration is /openbao/config, and as root it hands over to the user openbao.
set -e
ulimit -c 0
if [ -n "$BAO_LOCAL_CONFIG" ]; then
    printf '%s\n' "$BAO_LOCAL_CONFIG" > /openbao/config/local.json
fi
case "$1" in
    server)
        shift
        set -- bao server -config=/openbao/config -dev-root-token-id="$BAO_DEV_ROOT_TOKEN_ID" \
            -dev-listen-address="${BAO_DEV_LISTEN_ADDRESS:-0.0.0.0:8200}" "$@"
        ;;
    -* | version) set -- bao "$@" ;;
    *) if bao "$1" --help 2>&1 | grep -q "bao $1"; then set -- bao "$@"; fi ;;
esac
if [ "$1" = bao ] && [ "$(id -u)" = 0 ]; then
    if [ -z "$SKIP_CHOWN" ]; then
        for folder in config logs file; do
            chown -R openbao:openbao "/openbao/$folder" || echo "could not chown /openbao/$folder"
        done
    fi
    set -- setpriv --reuid=openbao --regid=openbao --init-groups "$@"
fi
exec "$@"

#!/bin/bash
# Behaves like the official image's where compose files rely on it: POSTGRES_USER, _PASSWORD, _DB (or each with
# _FILE), POSTGRES_INITDB_ARGS, POSTGRES_HOST_AUTH_METHOD, PGDATA, and the scripts of /docker-entrypoint-initdb.d,
# which run once, on an empty data folder. Root hands over to postgres.
set -Eeuo pipefail

setting() { # the variable's name, its default
    local in_file="${1}_FILE"
    if [ -n "${!in_file:-}" ]; then
        printf '%s' "$(< "${!in_file}")"
    else
        printf '%s' "${!1:-${2:-}}"
    fi
}

own_folders() {
    mkdir -p "$PGDATA" /var/run/postgresql
    chmod 700 "$PGDATA"
    if [ "$(id -u)" = 0 ]; then
        find "$PGDATA" /var/run/postgresql \! -user postgres -exec chown postgres '{}' +
    fi
}

make_cluster() {
    if [ -z "$password" ] && [ "$method" != trust ]; then
        echo "POSTGRES_PASSWORD is empty: set it, or POSTGRES_HOST_AUTH_METHOD=trust to let everybody in" >&2
        exit 1
    fi
    local arguments
    read -ra arguments <<< "${POSTGRES_INITDB_ARGS:-}"
    initdb --pgdata="$PGDATA" --username="$user" --pwfile=<(printf '%s\n' "$password") "${arguments[@]}"
    printf '\nhost all all all %s\n' "$method" >> "$PGDATA/pg_hba.conf"
    printf "\nlisten_addresses = '*'\n" >> "$PGDATA/postgresql.conf"
}

sql() { psql --set ON_ERROR_STOP=1 --no-password --no-psqlrc --username "$user" "$@"; }

run_scripts() {
    local file
    for file in /docker-entrypoint-initdb.d/*; do
        case "$file" in
            *.sh) if [ -x "$file" ]; then "$file"; else . "$file"; fi ;;
            *.sql) sql --dbname "$db" --file "$file" ;;
            *.sql.gz) gunzip -c "$file" | sql --dbname "$db" ;;
        esac
    done
}

fill_cluster() { # the server's own arguments
    PGUSER="$user" pg_ctl -D "$PGDATA" -o "-c listen_addresses='' $*" -w start
    if [ "$db" != postgres ]; then
        sql --dbname postgres --set db="$db" <<< 'CREATE DATABASE :"db";'
    fi
    run_scripts
    PGUSER="$user" pg_ctl -D "$PGDATA" -m fast -w stop
    echo "PostgreSQL init process complete; ready for start up."
}

if [ "${1:0:1}" = - ]; then set -- postgres "$@"; fi
if [ "$1" = postgres ]; then
    own_folders
    if [ "$(id -u)" = 0 ]; then
        exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
    fi
    if [ ! -s "$PGDATA/PG_VERSION" ]; then
        user="$(setting POSTGRES_USER postgres)"
        password="$(setting POSTGRES_PASSWORD)"
        db="$(setting POSTGRES_DB "$user")"
        method="${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}"
        export POSTGRES_USER="$user" POSTGRES_DB="$db" PGPASSWORD="${PGPASSWORD:-$password}"
        make_cluster
        fill_cluster "${@:2}"
        unset PGPASSWORD
    fi
fi
exec "$@"

"""Images of Debian's own packages, under the tags of the official images of the same versions."""

from __future__ import annotations

from bakery.entries import Entry, Folder, Link
from bakery.recipe import PATH, Recipe, kept

__all__ = ["alertmanager", "blackbox", "nginx", "postgres", "prometheus", "redis"]

NOBODY = (65534, 65534)
POSTGRES = (102, 104)
REDIS = (101, 103)


def prometheus(_: str) -> Recipe:
    libraries = "/usr/share/prometheus/console_libraries"
    runs = {
        "Entrypoint": ["/bin/prometheus"],
        "Cmd": [
            "--config.file=/etc/prometheus/prometheus.yml",
            "--storage.tsdb.path=/prometheus",
            f"--web.console.libraries={libraries}",
            "--web.console.templates=/usr/share/prometheus/consoles",
        ],
        "Env": [PATH],
        "User": "nobody",
        "WorkingDir": "/prometheus",
        "ExposedPorts": {"9090/tcp": {}},
        "Volumes": {"/prometheus": {}},
    }
    links = [
        Link(libraries, "/etc/prometheus/console_libraries"),
        Link("/usr/share/prometheus/consoles", "/etc/prometheus/consoles"),
    ]
    return Recipe("prometheus", _debian("prometheus"), runs, [Folder("/prometheus", owner=NOBODY), *links])


def alertmanager(_: str) -> Recipe:
    runs = {
        "Entrypoint": ["/bin/alertmanager"],
        "Cmd": ["--config.file=/etc/alertmanager/alertmanager.yml", "--storage.path=/alertmanager"],
        "Env": [PATH],
        "User": "nobody",
        "WorkingDir": "/alertmanager",
        "ExposedPorts": {"9093/tcp": {}},
        "Volumes": {"/alertmanager": {}},
    }
    entries: list[Entry] = [
        Folder("/alertmanager", owner=NOBODY),
        Link("/usr/bin/alertmanager", "prometheus-alertmanager"),
        kept("alertmanager/alertmanager.yml", "/etc/alertmanager/alertmanager.yml"),
    ]
    return Recipe("alertmanager", _debian("prometheus-alertmanager"), runs, entries)


def blackbox(_: str) -> Recipe:
    runs = {
        "Entrypoint": ["/bin/blackbox_exporter"],
        "Cmd": ["--config.file=/etc/blackbox_exporter/config.yml"],
        "Env": [PATH],
        "ExposedPorts": {"9115/tcp": {}},
    }
    entries: list[Entry] = [
        Link("/usr/bin/blackbox_exporter", "prometheus-blackbox-exporter"),
        kept("blackbox/config.yml", "/etc/blackbox_exporter/config.yml"),
    ]
    return Recipe("blackbox", _debian("prometheus-blackbox-exporter"), runs, entries)


def nginx(_: str) -> Recipe:
    runs = {
        "Entrypoint": ["/docker-entrypoint.sh"],
        "Cmd": ["nginx", "-g", "daemon off;"],
        "Env": [PATH],
        "ExposedPorts": {"80/tcp": {}},
        "StopSignal": "SIGQUIT",
    }
    entries: list[Entry] = [
        kept("nginx/docker-entrypoint.sh", "/docker-entrypoint.sh"),
        kept("nginx/nginx.conf", "/etc/nginx/nginx.conf"),
        kept("nginx/default.conf", "/etc/nginx/conf.d/default.conf"),
        Folder("/var/log/nginx"),
        Link("/var/log/nginx/access.log", "/dev/stdout"),
        Link("/var/log/nginx/error.log", "/dev/stderr"),
    ]
    return Recipe("nginx", _debian("nginx"), runs, entries)


def postgres(_: str) -> Recipe:
    runs = {
        "Entrypoint": ["docker-entrypoint.sh"],
        "Cmd": ["postgres"],
        "Env": [
            f"{PATH}:/usr/lib/postgresql/15/bin",
            "PGDATA=/var/lib/postgresql/data",
            "PG_MAJOR=15",
            "LANG=C.UTF-8",
        ],
        "ExposedPorts": {"5432/tcp": {}},
        "Volumes": {"/var/lib/postgresql/data": {}},
        "StopSignal": "SIGINT",
    }
    entries: list[Entry] = [
        kept("postgres/docker-entrypoint.sh", "/usr/local/bin/docker-entrypoint.sh"),
        Folder("/docker-entrypoint-initdb.d"),
        Folder("/var/lib/postgresql", owner=POSTGRES),
        Folder("/var/lib/postgresql/data", 0o777, POSTGRES),
        Folder("/run/postgresql", 0o3777, POSTGRES),
    ]
    return Recipe("postgres", _debian("postgresql-15"), runs, entries)


def redis(_: str) -> Recipe:
    runs = {
        "Entrypoint": ["docker-entrypoint.sh"],
        "Cmd": ["redis-server"],
        "Env": [PATH],
        "WorkingDir": "/data",
        "ExposedPorts": {"6379/tcp": {}},
        "Volumes": {"/data": {}},
    }
    script = kept("redis/docker-entrypoint.sh", "/usr/local/bin/docker-entrypoint.sh")
    return Recipe("redis", _debian("redis-server"), runs, [script, Folder("/data", owner=REDIS)])


def _debian(package: str) -> str:
    return f"Debian 12's {package} {{{package}}}, not the official image"

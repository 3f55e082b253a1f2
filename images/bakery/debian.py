"""The Debian root that most images stand on: made by debootstrap, trimmed, kept as one layer in the cache.

debootstrap runs in mount and process namespaces of its own: whatever ends it, no mount and no process stays.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bakery.errors import BakeError
from bakery.folders import content_key
from bakery.running import Running, said

__all__ = ["PACKAGES", "Root", "debian_key", "kept_root", "make_root"]

SUITE, RELEASE = "bookworm", "12"

PACKAGES = (
    "busybox",
    "ca-certificates",
    "iproute2",
    "iptables",
    "nginx",
    "postgresql-15",
    "prometheus",
    "prometheus-alertmanager",
    "prometheus-blackbox-exporter",
    "python3",
    "python3-cffi-backend",  # a virtual package that python3-cryptography asks for; debootstrap resolves none
    "python3-cryptography",
    "python3-jwt",
    "python3-psycopg2",
    "redis-server",
)

BEFORE = {
    # No service starts while packages are set up, and no database cluster is made: the entrypoint makes its own.
    "usr/sbin/policy-rc.d": "#!/bin/sh\nexit 101\n",
    "etc/postgresql-common/createcluster.conf": "create_main_cluster = false\n",
}

# Users that official images know by name, beside Debian's own; openbao with its ids there (volumes keep ids).
USERS = "openbao:x:100:1000::/home/openbao:/bin/sh\nnginx:x:33:33::/var/www:/usr/sbin/nologin\n"
GROUPS = "openbao:x:1000:\nnginx:x:33:\n"

APPLETS = ("nc", "nslookup", "ping", "wget")
"""Of busybox: health checks that hold in the official images (most are made of busybox) hold here as well."""

LEFT_OUT = (
    "./dev/*",
    "./etc/hostname",  # this machine's
    "./etc/resolv.conf",
    "./proc/*",
    "./sys/*",
    "./tmp/*",
    "./usr/lib/*/libLLVM*",  # PostgreSQL compiles queries with it when it is there: 105 MB
    "./usr/share/doc",
    "./usr/share/i18n",
    "./usr/share/info",
    "./usr/share/javascript/moment-timezone/data",  # 200 MB; Prometheus' pages use the file beside it
    "./usr/share/locale",
    "./usr/share/man",
    "./usr/lib/udev",
    "./usr/sbin/policy-rc.d",
    "./var/cache/*",
    "./var/lib/apt/lists/*",
    "./var/log/*",
)


@dataclass(frozen=True, slots=True)
class Root:
    """The finished layer: its file, its digest, and the version of each package in it."""

    file: Path
    digest: str
    versions: Mapping[str, str]


def debian_key() -> str:
    """A name for what the root is made of. Newer packages of the same release do not change it: see `--force`."""
    return content_key(SUITE, *PACKAGES, repr(BEFORE), USERS, GROUPS, *APPLETS, "/", *LEFT_OUT)


def kept_root(cache: Path) -> Root | None:
    """The root that an earlier bake left in the cache."""
    facts = cache / f"debian-{debian_key()}.json"
    if not facts.exists():
        return None
    told = json.loads(facts.read_text("utf-8"))
    return Root(facts.with_suffix(".tar"), told["digest"], told["versions"])


def make_root(cache: Path, running: Running) -> Root:
    """Make the root anew. Needs root and debootstrap; takes minutes, and 1.5 GB while at work."""
    need_debootstrap()
    place = cache / f"debian-{debian_key()}.partial"
    shutil.rmtree(place, ignore_errors=True)
    try:
        _debootstrap(place, running)
        _finish(place)
        versions = _versions(place, running)
        return _keep(place, versions, cache, running)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def need_debootstrap() -> None:
    """Refuse with a sentence where the root cannot be made."""
    if not shutil.which("debootstrap", path=_path()):
        raise BakeError(
            "debootstrap is missing, and most images stand on its Debian root", "apt install debootstrap"
        )
    if os.geteuid() != 0:
        raise BakeError("debootstrap must run as root", "run it again as root: sudo images/bake")


def _path() -> str:
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def _debootstrap(place: Path, running: Running) -> None:
    for name, text in BEFORE.items():
        file = place / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    (place / "usr/sbin/policy-rc.d").chmod(0o755)
    # --kill-child: the namespace ends with its parent, and all in it.
    alone = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
    argv = [
        "debootstrap",
        "--variant=minbase",
        f"--include={','.join(PACKAGES)}",
        SUITE,
        str(place),
        *_mirror(),
    ]
    result = running.run([*alone, *argv], env={**os.environ, "PATH": _path(), "LC_ALL": "C"})
    if result.returncode != 0:
        raise _failed(result.stdout + result.stderr)


def _mirror() -> Sequence[str]:
    """Where this machine itself gets the suite from, when it is a Debian of that suite; else debootstrap's default."""
    if not shutil.which("apt-get"):
        return ()
    wanted = ["--format", "$(REPO_URI)", "Created-By: Packages", f"Codename: {SUITE}", "Component: main"]
    told = subprocess.run(["apt-get", "indextargets", *wanted], capture_output=True, text=True, check=False)
    return told.stdout.split()[:1]


def _failed(output: str) -> BakeError:
    lines = [line for line in output.splitlines() if line.startswith(("E:", "W:"))] or output.splitlines()
    text = f"debootstrap failed: {' / '.join(lines[-3:])}"
    if "NO_PUBKEY" in output or "unknown key" in output or "keyring" in output:
        return BakeError(text, "apt install debian-archive-keyring")
    if "unshare" in output:
        return BakeError(
            text, "debootstrap needs a root that may mount: not one in a container without CAP_SYS_ADMIN"
        )
    if "No space left" in output:
        return BakeError(text, "free some room, or set BLACKSTART_CACHE to a folder on another disk")
    return BakeError(
        text, "it needs a network that reaches a Debian mirror, and a cache on a disk without nodev or noexec"
    )


def _finish(place: Path) -> None:
    for file, lines in (("etc/passwd", USERS), ("etc/group", GROUPS)):
        known = (place / file).read_text("utf-8")
        # First: who looks up an id that Debian gave to somebody else finds the official image's name.
        (place / file).write_text(lines + known, "utf-8")
    for applet in APPLETS:
        if not (link := place / "usr/bin" / applet).exists():
            link.symlink_to("busybox")


def _versions(place: Path, running: Running) -> Mapping[str, str]:
    result = running.run(
        ["dpkg-query", f"--admindir={place}/var/lib/dpkg", "-W", "-f", "${Package} ${Version}\n"]
    )
    return dict(re.findall(r"^(\S+) (\S+)$", result.stdout, flags=re.MULTILINE))


def _keep(place: Path, versions: Mapping[str, str], cache: Path, running: Running) -> Root:
    """Write the layer beside, then give it its name: what has the name is whole."""
    facts = cache / f"debian-{debian_key()}.json"
    partial = facts.with_suffix(".tar.partial")
    layout = ["--numeric-owner", "--sort=name", "--anchored", "--wildcards", "--no-wildcards-match-slash"]
    out = [f"--exclude={pattern}" for pattern in LEFT_OUT]
    try:
        result = running.run(
            ["tar", "--create", f"--file={partial}", *layout, *out, f"--directory={place}", "."]
        )
        if result.returncode != 0:
            raise BakeError(
                f"the Debian root cannot be kept: {said(result)}", "look whether the disk is full"
            )
        with partial.open("rb") as layer:
            digest = hashlib.file_digest(layer, "sha256").hexdigest()
        partial.replace(facts.with_suffix(".tar"))
    finally:
        partial.unlink(missing_ok=True)
    facts.write_text(json.dumps({"digest": digest, "versions": versions}, indent=1), "utf-8")
    return Root(facts.with_suffix(".tar"), digest, versions)

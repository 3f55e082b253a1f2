from __future__ import annotations

import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from bakery import debian
from bakery.debian import kept_root, make_root
from bakery.errors import BakeError
from bakery.running import Running

Fake = Callable[[str, str], Path]

DEBOOTSTRAP = """\
for place; do case $place in */debian-*.partial) break ;; esac; done
cat $place/usr/sbin/policy-rc.d $place/etc/postgresql-common/createcluster.conf > /dev/null || exit 1
mkdir -p $place/usr/bin $place/usr/share/doc/thing $place/var/log $place/proc $place/dev
echo root:x:0:0::/root:/bin/sh > $place/etc/passwd
echo root:x:0: > $place/etc/group
touch $place/usr/share/doc/thing/copyright $place/var/log/debootstrap.log $place/usr/bin/wget $place/etc/hostname
"""


@pytest.fixture
def cache(own_cache: Path, fake: Fake, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache, on a machine where this user is root and namespaces cost nothing."""
    fake("unshare", 'while [ "${1#--}" != "$1" ]; do shift; done; exec "$@"\n')
    fake("dpkg-query", "printf 'thing 1.2-3\\nother 4\\n'\n")
    fake("apt-get", "true\n")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    own_cache.mkdir()
    return own_cache


def test_a_root_is_made_trimmed_and_kept(cache: Path, fake: Fake) -> None:
    fake("debootstrap", DEBOOTSTRAP)
    assert kept_root(cache) is None
    made = make_root(cache, Running())
    assert kept_root(cache) == made
    assert made.versions == {"thing": "1.2-3", "other": "4"}
    with tarfile.open(made.file) as layer:
        names = set(layer.getnames())
        users = layer.extractfile("./etc/passwd")
        assert users is not None
        assert [line.split(b":")[0] for line in users] == [b"openbao", b"nginx", b"root"]
        assert layer.getmember("./usr/bin/nc").linkname == "busybox"
        assert layer.getmember("./usr/bin/wget").isfile()
    assert {"./proc", "./dev", "./var/log", "./etc/postgresql-common/createcluster.conf"} <= names
    assert not names & {
        "./usr/share/doc",
        "./var/log/debootstrap.log",
        "./etc/hostname",
        "./usr/sbin/policy-rc.d",
    }
    assert {file.suffix for file in cache.iterdir()} == {".tar", ".json"}


@pytest.mark.parametrize(
    ("says", "told", "next_move"),
    [
        ("E: Failed getting release file", "Failed getting release file", "Debian mirror"),
        ("E: Release signed by unknown key (key id 1)", "unknown key", "debian-archive-keyring"),
        ("dpkg: No space left on device", "No space left", "BLACKSTART_CACHE"),
        ("unshare: unshare failed: Operation not permitted", "not permitted", "CAP_SYS_ADMIN"),
    ],
)
def test_a_failure_is_told_and_leaves_nothing(
    cache: Path, fake: Fake, says: str, told: str, next_move: str
) -> None:
    fake("debootstrap", f"echo '{says}'; exit 1")
    with pytest.raises(BakeError, match=told) as raised:
        make_root(cache, Running())
    assert next_move in raised.value.hint
    assert list(cache.iterdir()) == []


def test_it_needs_root(cache: Path, fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    fake("debootstrap", "exit 1")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(BakeError, match="must run as root"):
        make_root(cache, Running())


def test_the_mirror_is_this_machines_own(cache: Path, fake: Fake) -> None:
    fake("apt-get", "echo 'file:/one/'; echo 'file:/two/'")
    assert debian._mirror() == ["file:/one/"]
    fake("apt-get", "exit 100")
    assert list(debian._mirror()) == []

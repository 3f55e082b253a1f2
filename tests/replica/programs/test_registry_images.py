from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from blackstart.replica.ports import free_ports
from blackstart.replica.programs.files import replaced
from blackstart.replica.programs.registry_client import RegistryClient
from blackstart.replica.programs.registry_image import TAG, image
from blackstart.replica.programs.registry_images import run
from blackstart.replica.programs.registry_store import PUBLISHER, RegistryStore

LIMIT_S = 30.0
PAST = "2020-01-01T00:00:00+00:00"

pytestmark = pytest.mark.replica


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str], store: RegistryStore) -> Said:
    return Said(capsys, store.folder)


class Said:
    """Runs the command and gives its exit code with its lines."""

    def __init__(self, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        self._capsys, self._folder = capsys, folder

    def __call__(self, *argv: str) -> tuple[int, list[str]]:
        code = run(self._folder, list(argv))
        captured = self._capsys.readouterr()
        return code, (captured.out + captured.err).splitlines()


def row(name: str, text: str) -> str:
    return f"{name:<10} {text}"


def short(name: str) -> str:
    return image(name).digest[:19]


def test_what_is_there_is_what_was_released(said: Said) -> None:
    names = ("payments", "orders", "search", "canary")
    assert said() == said("list") == (0, [row(name, f"stable {short(name)} as released") for name in names])
    assert said("verify") == (0, [row(name, "ok") for name in names])
    assert said("verify", "orders") == (0, [row("orders", "ok")])


def test_a_lost_blob_is_seen_and_pushed_again(said: Said, store: RegistryStore) -> None:
    own = list(image("orders").blobs)[-1]
    store.blob(own).unlink()
    assert said("verify", "orders") == (1, [row("orders", "BROKEN: 404 Not Found")])
    assert said("push", "orders") == (0, [f"orders:stable is {image('orders').digest}"])
    assert said("verify", "orders") == (0, [row("orders", "ok")])


def test_a_corrupt_manifest_is_seen_and_pushed_again(said: Said, store: RegistryStore) -> None:
    digest = image("orders").digest
    replaced(store.blob(digest), image("search").manifest)
    wrong = f"BROKEN: the manifest is {short('search')}, not {short('orders')}"
    assert said("verify", "orders") == (1, [row("orders", wrong)])
    assert row("orders", f"stable {wrong}") in said("list")[1]
    said("push", "orders")
    assert store.whole(digest)


def test_a_tag_moves_there_and_back(said: Said) -> None:
    other = image("search").digest
    assert said("retag", "orders", other) == (0, [f"orders:stable is {other}"])
    assert row("orders", f"stable {short('search')} NOT {short('orders')}") in said("list")[1]
    assert said("retag", "orders") == (0, [f"orders:stable is {image('orders').digest}"])
    assert row("orders", f"stable {short('orders')} as released") in said("list")[1]


def test_a_tag_is_not_moved_to_what_is_not_there(said: Said, store: RegistryStore) -> None:
    code, lines = said("retag", "orders", f"sha256:{'0' * 64}")
    assert (code, lines) == (
        1,
        ["images: 404 Not Found: the registry at {}:{}".format(*store.address())],
    )
    client = RegistryClient(store.address(), PUBLISHER, store.password(PUBLISHER), timeout_s=LIMIT_S)
    assert client.pull("orders", TAG) == image("orders").digest


def test_accounts_are_shown_and_renewed(said: Said, store: RegistryStore) -> None:
    store.expire({"orders": PAST})
    try:
        assert said("accounts") == (
            0,
            [
                row("payments", "expires never"),
                row("orders", f"EXPIRED {PAST}"),
                row("search", "expires never"),
                row("canary", "expires never"),
            ],
        )
        assert said("renew", "orders")[0] == 0
        assert not store.expired("orders")
        assert store.accounts("read")["payments"] is None, "only what was named"
    finally:
        store.expire({"orders": None})


def test_the_quota_is_shown_and_set(said: Said, store: RegistryStore) -> None:
    used = store.used()
    assert said("quota") == (0, [f"{used} bytes stored, of any number"])
    assert said("quota", "1000") == (0, [f"{used} bytes stored, of 1000"])
    assert said("push", "orders")[1] == [
        "images: 507 the quota of the storage is exceeded: the registry at {}:{}".format(*store.address())
    ]
    assert said("quota", "none") == (0, [f"{used} bytes stored, of any number"])


@pytest.mark.parametrize("argv", [["burn"], ["push"], ["push", "a", "b"], ["list", "all"], ["retag"]])
def test_a_wrong_command_line_shows_the_right_ones(said: Said, argv: list[str]) -> None:
    code, lines = said(*argv)
    assert code == 2
    assert lines[0].startswith("usage: images list")


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (["push", "base"], "images: there is no 'base'; there are payments, orders, search, canary"),
        (["renew", "me"], "images: there is no 'me'; there are payments, orders, search, canary"),
        (["quota", "1k"], "images: a quota is a number of bytes, or none; not '1k'"),
    ],
)
def test_a_wrong_word_is_named(said: Said, argv: list[str], line: str) -> None:
    assert said(*argv) == (2, [line])


def test_a_registry_that_is_gone(
    store: RegistryStore, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (port,) = free_ports(1)
    shutil.copy(store.config, tmp_path)
    gone = RegistryStore(tmp_path)
    gone.save({**gone.settings(), "public-url": f"http://127.0.0.1:{port}"})
    assert run(tmp_path, ["list"]) == 1
    expected = f"images: connection refused: the registry at 127.0.0.1:{port}\n"
    assert capsys.readouterr().err == expected

"""People's command `network`, with one fault proxy and with two in a row."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from blackstart.replica.programs.network import run
from blackstart.toxics.client import Client

if TYPE_CHECKING:
    from pathlib import Path

DEAD = "127.0.0.1:1"

WAYS = {"dns": ["dns", "dns-udp"], "vault": ["vault"]}


@dataclass
class One:
    """One fault proxy's process, and how the test speaks to it."""

    process: subprocess.Popen[str]
    client: Client

    def end(self) -> None:
        """May be called again."""
        self.process.kill()
        with self.process:
            pass


@pytest.fixture
def start() -> Iterator[Callable[[], One]]:
    made: list[One] = []

    def one() -> One:
        argv = [sys.executable, "-m", "blackstart.toxics", "--port", "0"]
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        port = int(process.stdout.readline().rpartition(":")[2])
        made.append(One(process, Client("127.0.0.1", port)))
        return made[-1]

    yield one
    for each in made:
        each.end()


@pytest.fixture
def front(start: Callable[[], One]) -> One:
    """With every link."""
    one = start()
    for name, protocol in (("dns", "tcp"), ("dns-udp", "udp"), ("vault", "http")):
        one.client.create(name, "127.0.0.1:0", DEAD, protocol)
    return one


@pytest.fixture
def back(start: Callable[[], One]) -> One:
    """With every link over TCP."""
    one = start()
    for name in ("dns", "vault"):
        one.client.create(name, "127.0.0.1:0", DEAD)
    return one


Type = Callable[[str], tuple[int, str]]


@pytest.fixture
def typed(
    front: One, back: One, tmp_path: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> Type:
    """Types the command in a replica with both proxies; its exit code and what it said, both streams."""
    addresses = {"proxy": [front.client.host, front.client.port]}
    if getattr(request, "param", "two") == "two":
        addresses["toxiproxy"] = [back.client.host, back.client.port]
    (tmp_path / "site.json").write_text(json.dumps({"site": addresses}))

    def command(line: str) -> tuple[int, str]:
        code = run(tmp_path, WAYS, line.split())
        said = capsys.readouterr()
        return code, said.out + said.err

    return command


def test_all_is_well(typed: Type, front: One) -> None:
    code, said = typed("status")
    assert code == 0
    listens = {name: each["listen"] for name, each in front.client.proxies().items()}
    assert said.splitlines() == [
        f"{name:<16} up   {listens[name]} to {DEAD}" for name in ("dns", "dns-udp", "vault")
    ]
    assert typed("restore vault") == (0, "nothing is wrong with vault\n")


def test_what_is_wrong_in_either_is_shown_and_taken_away(typed: Type, front: One, back: One) -> None:
    front.client.add("vault", "packet_loss", clients=["127.0.1.11"])
    back.client.add("vault", "latency", attributes={"latency": 500}, toxicity=0.5)
    front.client.disable("vault")
    code, said = typed("status vault")
    loss = "packet_loss downstream loss_rate=0.1 correlation=0.0, for 127.0.1.11"
    late = "latency downstream latency=500 jitter=0, 50% of connections"
    assert code == 3
    assert said.startswith("vault            DOWN ")
    assert [line.strip() for line in said.splitlines()[1:]] == [loss, late]
    assert typed("restore vault") == (
        0,
        f"vault: took away {loss}\nvault: took away {late}\nvault: up again\n",
    )
    assert typed("status")[0] == 0


@pytest.mark.parametrize("typed", ["one"], indirect=True)
def test_with_one_proxy_it_looks_nowhere_else(typed: Type, front: One, back: One) -> None:
    back.client.add("vault", "noop")
    front.client.add("vault", "noop", name="wrong")
    assert typed("status vault")[0] == 3
    assert typed("restore vault") == (0, "vault: took away noop downstream\n")
    assert typed("status")[0] == 0


def test_with_the_front_gone_what_is_left_behind_it_is_still_seen(typed: Type, front: One, back: One) -> None:
    back.client.add("dns", "noop")
    front.end()
    code, said = typed("restore dns")
    assert code == 3
    assert said.splitlines()[0] == "dns: took away noop downstream"
    assert "dns-udp          GONE nothing carries it; service status says what runs" in said
    assert back.client.toxics("dns") == []


def test_with_both_gone_it_says_where_it_looked(typed: Type, front: One, back: One) -> None:
    front.end()
    back.end()
    where = f"{front.client.at} and {back.client.at}"
    assert typed("status") == (1, f"network: connection refused: the proxy at {where}\n")


@pytest.mark.parametrize("line", ["status nobody", "restore", "restore vault dns", "mend vault"])
def test_usage(typed: Type, line: str) -> None:
    code, said = typed(line)
    assert code == 2
    assert said.endswith("NAME is one of dns, vault\n")

"""Command lines: one spelling for what is the same, and what each does."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackstart.platform import Platform
from blackstart.review.commands import effect_of, parts_of, touched
from blackstart.source import load

TOOLS = {"vault": "bao"}
PLATFORM = load(Platform, Path(__file__).parents[2] / "scenarios" / "platform.yaml").model
UNSEAL = ("bao", "operator", "unseal", "$(cat ~/unseal-keys/N)")


@pytest.mark.parametrize(
    "line",
    [
        'bao operator unseal "$(cat ~/unseal-keys/1)"',
        "bao operator unseal $(cat ~/unseal-keys/2)",
        "  vault   operator unseal '$(cat ~/unseal-keys/3)'  ",
        'bao operator unseal "$(cat $HOME/unseal-keys/1)"',
        'BAO_ADDR=http://127.0.0.1:8200 /usr/bin/bao operator \\\n unseal "$(cat ~/unseal-keys/1)" # the first',
    ],
)
def test_the_same_command_has_one_spelling(line: str) -> None:
    assert parts_of(line, TOOLS) == [UNSEAL]


def test_a_line_of_several_commands_is_taken_apart() -> None:
    line = "bao status | grep Sealed && teams; resolve 'a b' 2>/dev/null"
    assert parts_of(line, TOOLS) == [("bao", "status"), ("grep", "Sealed"), ("teams",), ("resolve", "a b")]


@pytest.mark.parametrize(
    ("line", "effect"),
    [
        ("bao status", "read-only"),
        ("bao -format=json kv get -mount=kv x", "read-only"),
        ("bao token capabilities sys/mounts", "read-only"),
        ("bao operator key-status", "read-only"),
        ("bao operator unseal x", "mutating"),
        ("bao kv put x y=1", "mutating"),
        ("bao operator seal", "mutating"),
        ("deploy payments", "mutating"),
        ("teams", "read-only"),
        ("curl -s http://127.0.0.1:8200/v1/sys/health", "read-only"),
        ("curl -X POST http://127.0.0.1:8200/v1/sys/seal", "mutating"),
        ("curl -d @x http://127.0.0.1:8200/", "mutating"),
        ("sed -n 1p x", "read-only"),
        ("sed -i s/a/b/ x", "mutating"),
        ("kill 1234", "mutating"),
        ("service", "read-only"),
        ("service restart vault", "mutating"),
        ("network restore vault", "mutating"),
        ("inside db ls /", "read-only"),
        ("inside db rm -r /", "mutating"),
        ("inside db psql", "unknown"),
        ("frobnicate --all", "unknown"),
    ],
)
def test_what_a_command_does(line: str, effect: str) -> None:
    assert effect_of(parts_of(line, TOOLS)[0]) == effect


@pytest.mark.parametrize(
    ("line", "components"),
    [
        ("bao status", {"vault"}),
        ("resolve vault.platform.test", {"resolver", "dns"}),
        ("deploy orders", {"resolver", "vault", "registry"}),
        ("teams", set()),
        ("curl http://127.0.0.1:8300/v2/", {"registry"}),
        ("curl $VAULT_ADDR/v1/sys/health", {"vault"}),
        ("ping hcp-vault", {"vault"}),
        ("network status vault", {"vault"}),
        ("service", {"vault", "dns", "resolver", "registry"}),
        ("network status", {"vault", "dns", "resolver", "registry"}),
        ("service restart payments", set()),
        ("inside registry ls", {"registry"}),
        ("curl http://$BLACKSTART_VAULT/", {"vault"}),
    ],
)
def test_what_a_command_reaches(line: str, components: set[str]) -> None:
    endpoints = {"registry": "127.0.0.1:8300"}
    assert touched(parts_of(line, TOOLS)[0], PLATFORM, endpoints) == components


@given(st.text(max_size=60))
def test_any_line_can_be_taken_apart(line: str) -> None:
    for words in parts_of(line, TOOLS):
        assert words
        assert effect_of(words) in ("read-only", "mutating", "unknown")

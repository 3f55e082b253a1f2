from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackstart.replica import programs


def load() -> ModuleType:
    """The module as the registry's process finds it: by its path, under the name it stands for."""
    file = Path(programs.__file__).parent / "registry" / "sha256.py"
    spec = importlib.util.spec_from_file_location("stand_in_sha256", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


sha256 = load().sha256


@given(st.lists(st.binary(max_size=200), max_size=6), st.integers(0, 5))
def test_its_state_can_be_put_away_between_chunks(chunks: list[bytes], pause: int) -> None:
    hasher = sha256()
    for number, chunk in enumerate(chunks):
        if number == pause:
            state, hasher = hasher.state, sha256()
            hasher.state = state
        hasher.update(chunk)
    whole = hashlib.sha256(b"".join(chunks))
    assert hasher.hexdigest() == whole.hexdigest()
    assert hasher.digest() == whole.digest()


def test_the_state_is_bytes_and_a_count() -> None:
    hasher = sha256()
    hasher.update(b"abc")
    assert hasher.state == (b"abc", 3)


def test_it_knows_a_published_value() -> None:
    hasher = sha256()
    hasher.update(b"abc")
    # FIPS 180-4, example "abc"
    assert hasher.hexdigest() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize("name", ["update", "digest", "hexdigest", "state"])
def test_it_has_what_zuul_registry_uses(name: str) -> None:
    assert hasattr(sha256, name)

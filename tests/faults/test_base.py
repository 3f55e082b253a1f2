"""Which kinds of component a fault breaks, and how that is said."""

from __future__ import annotations

from typing import ClassVar

import pytest

from blackstart.testing import IdleFault


class Some(IdleFault):
    kinds: ClassVar[tuple[str, ...]] = ("vault", "registry")


class AllBut(IdleFault):
    kinds: ClassVar[tuple[str, ...]] = ("*",)
    spares: ClassVar[tuple[str, ...]] = ("dns",)


class Every(IdleFault):
    kinds: ClassVar[tuple[str, ...]] = ("*",)


@pytest.mark.parametrize(
    ("fault", "said", "suits"),
    [
        (Some, "vault, registry", ["vault"]),
        (AllBut, "any component but dns", ["vault", "postgres"]),
        (Every, "any component", ["vault", "postgres", "dns"]),
    ],
)
def test_what_it_breaks(fault: type[IdleFault], said: str, suits: list[str]) -> None:
    assert fault.suited() == said
    assert [kind for kind in ("vault", "postgres", "dns") if fault.suits(kind)] == suits

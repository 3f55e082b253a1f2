"""The map's own rules."""

from __future__ import annotations

import itertools
from typing import Any

from blackstart.platform import Platform


def platform(**changes: Any) -> Platform:
    whole: dict[str, Any] = {
        "kind": "platform",
        "components": {
            "vault": {"owner": "security", "probes": ["vault"]},
            "dns": {"owner": "network", "probes": ["dns"]},
            "resolver": {"owner": "network", "needs": ["dns"], "probes": ["resolver"]},
        },
        "capabilities": {"ship": {"needs": ["vault", "resolver"], "probes": ["ship"]}},
        "teams": {"payments": {"channel": "#payments", "probes": ["payments-serving"]}},
    }
    return Platform.model_validate(whole | changes)


def flaws(**changes: Any) -> list[tuple[Any, ...]]:
    return [(flaw.place, flaw.what, flaw.seen or flaw.hint) for flaw in platform(**changes).flaws()]


def test_a_sound_map_has_no_flaw() -> None:
    assert flaws() == []


def test_what_the_map_knows() -> None:
    sound = platform()
    assert sound.probes() == {"vault", "dns", "resolver", "ship", "payments-serving"}
    assert sound.targets() == {"vault", "dns", "resolver", "payments"}
    assert set(sound.nodes()) == {"vault", "dns", "resolver", "ship", "payments"}


def test_needs_are_on_the_map() -> None:
    assert flaws(capabilities={"ship": {"needs": ["vault", "resolvr"]}}) == [
        (
            ("capabilities", "ship", "needs", 1),
            'ship needs "resolvr", which is not on the map',
            "did you mean resolver?",
        )
    ]


def test_needs_do_not_go_in_a_circle() -> None:
    components = {
        "vault": {"owner": "a", "needs": ["resolver"]},
        "resolver": {"owner": "a", "needs": ["dns"]},
        "dns": {"owner": "a", "needs": ["vault"]},
    }
    ((place, what, seen),) = flaws(components=components)
    assert what == "needs go in a circle"
    names = seen.removeprefix("saw ").split(" → ")
    assert place == ("components", names[0], "needs")
    assert all(after in components[name]["needs"] for name, after in itertools.pairwise(names))


def test_a_node_that_needs_itself() -> None:
    assert flaws(teams={"t": {"channel": "#t", "needs": ["t"]}}) == [
        (("teams", "t", "needs"), "needs go in a circle", "saw t → t")
    ]


def test_names_and_probes_stand_once() -> None:
    assert flaws(teams={"vault": {"channel": "#v", "probes": ["dns"]}}) == [
        (("teams", "vault"), '"vault" is on the map twice', "components has it already"),
        (("teams", "vault", "probes", 0), 'probe "dns" stands twice', "dns has it already"),
    ]


def test_channels_begin_with_a_hash() -> None:
    assert flaws(teams={"search": {"channel": "search"}}) == [
        (("teams", "search", "channel"), "a channel begins with #", 'saw "search"')
    ]

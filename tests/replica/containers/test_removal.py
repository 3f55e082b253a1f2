"""How it is said what there was, and what does not go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest
from docker.errors import APIError
from requests.exceptions import ReadTimeout

from blackstart.errors import ReplicaError
from blackstart.replica.containers.removal import Counts, counts, remove_all

if TYPE_CHECKING:
    from blackstart.replica.containers.engine import Engine


def test_counts_in_words() -> None:
    assert str(Counts(2, 1, 0)) == "2 containers, 1 network and no volume"
    assert Counts(0, 0, 1)
    assert not Counts(0, 0, 0)


def test_without_a_label_everything_would_be_found(engine: object) -> None:
    with pytest.raises(ValueError, match="label"):
        counts(engine, "")  # type: ignore[arg-type]  # it is not asked


class Clearing:
    """A docker that removes one container at a time, and not those that `stay`."""

    def __init__(self, containers: int, stay: int, why: Exception | None) -> None:
        self.left = containers
        self.stay = stay
        self.why = why

    def listed(self, **_: object) -> list[dict[str, str]]:
        return [{"Id": f"c{number}"} for number in range(self.left)]

    def remove(self, id: str, **_: object) -> None:
        if id == f"c{self.left - 1}" and self.left > self.stay:
            self.left -= 1
        elif self.why is not None:
            raise self.why


def cleared(engine: Engine, containers: int, stay: int = 0, why: Exception | None = None) -> Counts:
    docker = Clearing(containers, stay, why)
    api = cast("Any", engine.client).api
    api.containers.side_effect, api.remove_container.side_effect = docker.listed, docker.remove
    api.networks.return_value, api.volumes.return_value = [], {"Volumes": None}
    return remove_all(engine, "x", 0.0)


def test_it_goes_on_while_it_gets_on(engine: Engine) -> None:
    assert cleared(engine, 9) == Counts(9, 0, 0)


def test_a_busy_docker_is_asked_once_more_whatever_the_first_try_took(engine: Engine) -> None:
    docker = Clearing(1, 0, None)
    tries: list[str] = []

    def second(id: str, **how: object) -> None:
        tries.append(id)
        if len(tries) > 1:
            docker.remove(id, **how)

    api = cast("Any", engine.client).api
    api.containers.side_effect, api.remove_container.side_effect = docker.listed, second
    api.networks.return_value, api.volumes.return_value = [], {"Volumes": None}
    assert remove_all(engine, "x", 0.0) == Counts(1, 0, 0)


@pytest.mark.parametrize(
    ("why", "said"),
    [
        (None, "c0: it is still there"),
        (APIError("409 Client Error", explanation="it is in use"), "c0: it is in use"),
        (APIError("409 Client Error"), "c0: 409 Client Error"),
        (ReadTimeout("read timeout=60"), "c0: docker does not answer: read timeout=60"),
    ],
)
def test_what_stays_is_told_with_why(engine: Engine, why: Exception | None, said: str) -> None:
    with pytest.raises(ReplicaError) as caught:
        cleared(engine, 2, 1, why)
    assert caught.value.message == (
        "docker does not remove what this drill has made; left are 1 container, no network and no volume, "
        f"and in 0 s nothing more went: {said}"
    )
    assert "blackstart recover" in caught.value.hint

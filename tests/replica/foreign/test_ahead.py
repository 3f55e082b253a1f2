"""What a drill of a compose file would do to it, seen without docker."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.replica.foreign.conftest import image_ports, shop

from blackstart.errors import MissingTool, ReplicaError
from blackstart.platform import Platform
from blackstart.replica import sql
from blackstart.replica.foreign.ahead import Ahead, ahead_of
from blackstart.replica.foreign.judge import judge


def platform(**components: Any) -> Platform:
    whole = {name: {"owner": "ops", **about} for name, about in components.items()}
    return Platform.model_validate({"kind": "platform", "components": whole, "capabilities": {}, "teams": {}})


def ahead(where: Platform, absent: set[str] | None = None, **services: Any) -> Ahead:
    return ahead_of(Path("shop.yml"), judge(shop(**services), image_ports), where, absent or set())


def test_each_component_has_its_service_and_its_sidecars() -> None:
    found = ahead(platform(db={}), mailer={"image": "m", "volumes": [{"type": "bind", "source": "/srv"}]})
    assert list(found.components) == ["web", "api", "db"]
    assert found.components["db"].service == "db"
    assert found.components["db"].sidecars == ("blackstart-db-proxy", "blackstart-db-redirect")
    assert found.lasting[0].startswith("mailer: it may write to /srv")


def test_a_component_without_a_network_has_no_sidecar() -> None:
    labels = {"blackstart.component": "it"}
    it = ahead(platform(), it={"image": "dns", "labels": labels, "network_mode": "none"}).components["it"]
    assert (it.sidecars, it.no_proxy) == ((), "it has no network")


def test_a_component_of_the_map_without_a_service_is_refused() -> None:
    with pytest.raises(ReplicaError, match="the component queue, and no service of the compose file is it"):
        ahead(platform(queue={}))


def test_ports_that_only_an_absent_image_tells_are_no_reason_to_refuse() -> None:
    asked = platform(it={"probes": ["it"], "checks": {"it": {"http": {}}}})
    it = {"image": "absent", "labels": {"blackstart.component": "it"}}
    assert ahead(asked, {"absent"}, it=it).pulled == ("absent",)
    with pytest.raises(ReplicaError, match="no port of it is known"):
        ahead(asked, set(), it=it)


def test_a_driver_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "find_spec", lambda name: None)
    asked = platform(db={"probes": ["db"], "checks": {"db": {"sql": {"user": "u", "database": "d"}}}})
    with pytest.raises(MissingTool, match="psycopg"):
        ahead(asked)

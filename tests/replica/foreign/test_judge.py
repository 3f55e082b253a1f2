"""What of a compose file can be drilled, and why some of it cannot."""

from __future__ import annotations

from typing import Any

import pytest
from tests.replica.foreign.conftest import image_ports, shop

from blackstart.checks import from_label
from blackstart.replica.foreign.judge import Judgement, Published, judge


def judged(**services: Any) -> Judgement:
    return judge(shop(**services), image_ports)


def labelled(**more: Any) -> dict[str, Any]:
    """A service that is a component, with something else about it."""
    labels = {"blackstart.component": "it", **more.pop("labels", {})}
    return {"image": "postgres:15", "networks": {"default": None}, "labels": labels, **more}


def test_a_sound_file(config: dict[str, Any]) -> None:
    judgement = judge(config, image_ports)
    assert judgement.refusals == ()
    assert judgement.warnings == ()
    assert [service.component for service in judgement.drilled] == ["web", "api", "db"]
    assert [service.ports for service in judgement.services] == [(80,), (8000,), (5432,), ()]
    assert [service.kind for service in judgement.services] == ["web", "api", "postgres", ""]
    assert judgement.component("db").environment == {"POSTGRES_PASSWORD": "secret"}
    assert judgement.component("web").checks == {"web": from_label("http / 200")}
    assert judgement.component("web").published == (Published(80, "tcp", "0.0.0.0:8080"),)
    assert all(service.proxied and service.askable for service in judgement.drilled)
    assert not any(service.bypassing or service.missing for service in judgement.drilled)


def test_a_service_without_a_label_is_not_drilled() -> None:
    mailer = judged().services[3]
    assert (mailer.component, mailer.proxied, mailer.missing) == ("", False, ())


@pytest.mark.parametrize(
    ("service", "says"),
    [
        (labelled(image="none"), 'none in its image); add the label blackstart.ports: "5432"'),
        (
            labelled(image="absent"),
            "its image absent is not here, so its ports are not known: docker compose pull",
        ),
        (labelled(image="absent", build={"context": "."}), "docker compose build gets it"),
        (
            labelled(image="", build={"context": "."}),
            "it is built here, so the ports of its image are not known",
        ),
        (labelled(network_mode="service:db", networks=None), "it shares the network of db: label that one"),
        (labelled(network_mode="none", networks=None), "it has no network"),
        (
            labelled(image="none", ports=[{"target": 53, "protocol": "udp", "published": "53"}]),
            "its only ports are UDP",
        ),
        (labelled(networks={"inner": None}), "it is on internal networks alone"),
    ],
)
def test_what_keeps_the_network_of_a_component_from_being_broken(service: dict[str, Any], says: str) -> None:
    config = shop(it=service)
    config["networks"] = {**config["networks"], "inner": {"internal": True, "name": "shop_inner"}}
    (missing,) = judge(config, image_ports).component("it").missing
    assert says in missing
    assert not judge(config, image_ports).component("it").proxied


def test_what_bypasses_the_proxy() -> None:
    ports = [{"target": 53, "protocol": each, "published": "5353"} for each in ("tcp", "udp")]
    it = judged(it=labelled(image="dns", ports=ports)).component("it")
    assert it.proxied
    assert it.bypassing == (Published(53, "udp", "0.0.0.0:5353"),)
    assert it.warnings == ("its port 53/udp is not carried by the proxy: no fault of the network reaches it",)


@pytest.mark.parametrize(
    ("services", "says"),
    [
        ({"it": {"network_mode": "host"}}, "it has network_mode: host"),
        ({"it": {"network_mode": "container:x"}}, "it has network_mode: container:x"),
        ({"it": {"external_links": ["x"]}}, "it has external_links"),
        ({"it": labelled(scale=3)}, "it runs 3 times as the component it"),
        ({"it": labelled(deploy={"replicas": 2})}, "it runs 2 times as the component it"),
        ({"it": labelled(scale=0)}, "it runs 0 times as the component it"),
        ({"it": {"labels": {"blackstart.component": "db"}}}, "db and it both say blackstart.component: db"),
        ({"it": {"labels": {"blackstart.component": "a b"}}}, "it says blackstart.component: 'a b'"),
        ({"it": {"labels": {"blackstart.component": "höhe"}}}, "it says blackstart.component: 'höhe'"),
        ({"it": {"labels": {"blackstart.component": "-x"}}}, "it says blackstart.component: '-x'"),
        ({"it": {"labels": {"blackstart.component": "DB"}}}, "db and it differ by capitals alone: db and DB"),
        ({"it": labelled(labels={"blackstart.ports": "x"})}, "it has the label blackstart.ports: 'x'"),
        (
            {"it": labelled(labels={"blackstart.probe.a": "ping"})},
            "it has the label blackstart.probe.a: 'ping'",
        ),
        ({"it": labelled(labels={"blackstart.probe.web": "tcp"})}, "web and it both have the label"),
        (
            dict.fromkeys(("web", "api", "db")),
            "no service is labelled as a component: under a service, such as",
        ),
        (dict.fromkeys(("web", "api", "db", "mailer")), "the file has no service"),
    ],
)
def test_a_file_that_is_refused(services: dict[str, Any], says: str) -> None:
    (refusal,) = judged(**services).refusals
    assert says in refusal


def test_a_fixed_subnet_is_warned_of(config: dict[str, Any]) -> None:
    config["networks"] = {
        "default": {"name": "shop_default", "ipam": {"config": [{"subnet": "10.0.0.0/24"}]}}
    }
    (warning,) = judge(config, image_ports).warnings
    assert warning.startswith("the network default has a fixed subnet")


def test_a_service_that_is_no_component_may_run_as_often_as_it_likes() -> None:
    judgement = judged(mailer={"image": "mailer", "scale": 2}, idle={"image": "x", "deploy": {"replicas": 0}})
    assert judgement.refusals == ()
    assert [service.count for service in judgement.services] == [1, 1, 1, 2, 0]


def test_a_published_port_of_a_service_that_is_no_component_bypasses_the_proxy() -> None:
    ports = [{"target": 25, "protocol": "tcp", "published": "2525"}]
    mailer = judged(mailer={"image": "mailer", "ports": ports}).services[3]
    assert mailer.bypassing == (Published(25, "tcp", "0.0.0.0:2525"),)


@pytest.mark.parametrize(
    ("label", "says"),
    [
        (
            "blackstart.port",
            "it has the label blackstart.port, which means nothing: did you mean blackstart.ports?",
        ),
        ("blackstart.probes.web", "did you mean blackstart.probe.?"),
        ("blackstart.componant", "did you mean blackstart.component?"),
    ],
)
def test_a_label_that_means_nothing_is_warned_of(label: str, says: str) -> None:
    for service in ({"image": "x", "labels": {label: "1"}}, labelled(labels={label: "1"})):
        (warning,) = next(each for each in judged(it=service).services if each.name == "it").warnings
        assert says in warning


def test_labels_of_others_are_theirs() -> None:
    assert judged(it=labelled(labels={"com.example": "1"})).component("it").warnings == ()


def test_what_stays_after_a_drill_is_told_apart() -> None:
    udp = [{"target": 53, "protocol": "udp", "published": "5353"}]
    it = labelled(privileged=True, ports=udp)
    judgement = judged(it=it, mailer={"image": "m", "volumes": [{"type": "bind", "source": "/srv"}]})
    assert [line.partition(":")[0] for line in judgement.lasting] == ["mailer", "it"]
    assert len(judgement.component("it").warnings) == 2

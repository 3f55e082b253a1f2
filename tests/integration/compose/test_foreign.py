"""A compose file of another shape than ours: drilled as it is, beside its own instance, by its own probes."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blackstart.drill.planning import Asked, drills_of
from blackstart.drill.possible import choices
from blackstart.drill.preview import preview
from blackstart.errors import MissingTool, ReplicaError, UsageError
from blackstart.faultcheck import fault_flaws, installed_faults
from blackstart.faults.container.disconnect import ContainerDisconnect
from blackstart.faults.network.down import NetworkDown
from blackstart.faults.network.latency import NetworkLatency
from blackstart.platform import Platform
from blackstart.replica.containers.engine import NO_MORE
from blackstart.replica.foreign import ForeignReplica
from blackstart.replica.foreign.ahead import look_ahead
from blackstart.replica.foreign.report import examine
from blackstart.replica.telling import Imaged
from blackstart.replica.waiting import wait_until
from blackstart.scenario import FaultSpec
from blackstart.source import load

if TYPE_CHECKING:
    from blackstart.drill.drill import Options
    from blackstart.replica.base import Reading
    from blackstart.replica.containers.engine import Engine

FOREIGN = Path(__file__).parent / "foreign"
COMPOSE = FOREIGN / "docker-compose.yml"
LIMIT_S = 60.0


def quiet(what: str, done: int, total: int) -> None:
    """Nobody looks."""


def platform() -> Platform:
    return load(Platform, FOREIGN / "scenarios" / "platform.yaml").model


def made(folder: Path, file: Path = COMPOSE) -> ForeignReplica:
    return ForeignReplica(folder, f"try-f-{secrets.token_hex(4)}", ["ann"], file, platform())


def slow() -> NetworkLatency:
    return NetworkLatency.model_validate({"latency": "1.2s"})


def readings(replica: ForeignReplica) -> dict[str, Reading]:
    return {probe.name: probe.read() for probe in replica.probes()}


def red(replica: ForeignReplica) -> set[str]:
    return {name for name, reading in readings(replica).items() if reading.state != "green"}


def becomes(replica: ForeignReplica, *names: str) -> None:
    """Wait until these probes, and no others, are red."""
    assert wait_until(lambda: red(replica) == set(names), LIMIT_S), readings(replica)


@pytest.fixture(scope="module")
def shop(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForeignReplica]:
    replica = made(tmp_path_factory.mktemp("shop") / "replica")
    try:
        replica.up(quiet)
        yield replica
    finally:
        replica.down()


@pytest.fixture(autouse=True)
def whole(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every test finds the shop as it came up."""
    yield
    if "shop" in request.fixturenames:
        becomes(request.getfixturevalue("shop"))


def test_every_component_is_up_and_its_own_probes_are_green(shop: ForeignReplica) -> None:
    becomes(shop)
    assert [probe.name for probe in shop.probes()] == ["api", "cache", "db", "web", "order", "browse"]
    assert {name: each.kind for name, each in shop.components().items()} == {
        "api": "api",
        "cache": "redis",
        "db": "postgres",
        "web": "web",
    }
    assert all(each.endpoint.startswith("127.0.0.1:") for each in shop.components().values())
    assert isinstance(shop, Imaged)
    assert set(shop.images()) > {"api", "cache", "db", "web", "reports", "blackstart-db-proxy"}
    assert shop.images()["db"] == shop.container("db").look().data["Image"]


def test_latency_on_its_database(shop: ForeignReplica) -> None:
    """The order fails that needs the database; looking around does not."""
    fault = slow()
    undo = fault.prepare(shop, "db")
    fault.inject(shop, "db", undo)
    becomes(shop, "db", "order")
    probe = fault.probe(shop, "db")
    assert probe is not None
    assert wait_until(lambda: probe.read().state == "red", LIMIT_S)
    assert not fault.gone(shop, "db", undo)
    other = ForeignReplica.attach(shop._folder, shop.label)  # as another process would
    fault.heal(other, "db", undo)
    other.close()
    becomes(shop)
    assert fault.gone(shop, "db", undo)
    assert wait_until(lambda: probe.read().state == "green", LIMIT_S)


def test_connections_that_were_there_before_pass_the_proxy_too(shop: ForeignReplica) -> None:
    """No rule of the namespace lets anything from outside go on beside it."""
    fault = NetworkDown()
    undo = fault.prepare(shop, "cache")
    fault.inject(shop, "cache", undo)
    becomes(shop, "browse")  # its own check runs inside the container, which no network is between
    fault.heal(shop, "cache", undo)


def test_a_component_that_is_started_again_has_its_proxy_and_its_toxics(shop: ForeignReplica) -> None:
    fault = slow()
    undo = fault.prepare(shop, "db")
    fault.inject(shop, "db", undo)
    shop.kill("db")
    assert not shop.running("db")
    assert shop.exited() == {}
    shop.start("db")
    assert not fault.gone(shop, "db", undo)
    becomes(shop, "db", "order")
    fault.heal(shop, "db", undo)


def test_one_that_is_restarted_by_hand_gets_its_proxy_back(shop: ForeignReplica) -> None:
    fault = slow()
    undo = fault.prepare(shop, "db")
    fault.inject(shop, "db", undo)
    told: list[str] = []
    following = shop.happenings(lambda happening: told.append(f"{happening.component} {happening.what}"))
    try:
        subprocess.run(
            ["docker", "restart", "-t", "1", shop.container("db").look().id], check=True, capture_output=True
        )
        assert wait_until(lambda: {"db die", "db start"} <= set(told), LIMIT_S), told
        assert wait_until(lambda: not fault.gone(shop, "db", undo) and red(shop) == {"db", "order"}, LIMIT_S)
    finally:
        following.close()
        fault.heal(shop, "db", undo)
    assert not any("blackstart" in each for each in told)


def test_what_hangs_is_red_and_goes_on(shop: ForeignReplica) -> None:
    shop.pause("cache")
    assert shop.paused("cache")
    becomes(shop, "cache", "browse")
    assert readings(shop)["cache"].reason == "its container is paused"
    shop.resume("cache")


def at(shop: ForeignReplica, component: str) -> str:
    (network,) = shop.container(component).look().networks.values()
    return str(network["IPAddress"])


@contextmanager
def joined(shop: ForeignReplica, network: str) -> Iterator[None]:
    """Another service is on that network too: docker gives it the first address that is free."""
    labels = {"blackstart.drill": shop.label, "com.docker.compose.service": "reports"}
    (other,) = shop._engine.containers(labels)
    docker("network", "connect", network, other["Id"])
    try:
        yield
    finally:
        docker("network", "disconnect", network, other["Id"])


def docker(*words: str) -> None:
    subprocess.run(["docker", *words], check=True, capture_output=True)


def test_one_that_comes_back_to_its_network_is_reached_wherever_docker_puts_it(shop: ForeignReplica) -> None:
    """By whoever heals the fault, and by hand, while the harness looks: the first free address is another each time."""
    fault, before = ContainerDisconnect(), at(shop, "db")
    undo = fault.prepare(shop, "db")
    fault.inject(shop, "db", undo)
    (network,) = [each["network"] for each in undo["networks"]]
    other = ForeignReplica.attach(shop._folder, shop.label)  # as another process would
    with joined(shop, network):
        fault.heal(other, "db", undo)
    other.close()
    there = at(shop, "db")
    assert there != before
    assert fault.gone(shop, "db", undo)
    becomes(shop)
    by_hand(shop, network, there)


def by_hand(shop: ForeignReplica, network: str, there: str) -> None:
    """It is slow, and is so again at its new address."""
    fault, id = slow(), shop.container("db").look().id
    undo = fault.prepare(shop, "db")
    fault.inject(shop, "db", undo)
    following = shop.happenings(lambda happening: None)
    try:
        docker("network", "disconnect", network, id)
        docker("network", "connect", "--alias", "db", network, id)
        assert at(shop, "db") != there
        assert wait_until(lambda: red(shop) == {"db", "order"} and shop.container("db").led_to(), LIMIT_S)
        assert not fault.gone(shop, "db", undo)
    finally:
        following.close()
        fault.heal(shop, "db", undo)


def test_people_have_a_shell_with_addresses_and_tools(shop: ForeignReplica) -> None:
    spec = shop.shell("ann")
    script = (
        'service status db && inside db psql --version && network status db && echo "$BLACKSTART_DB_5432"'
    )
    done = subprocess.run(
        ["bash", "-c", script], env=dict(spec.env), cwd=spec.cwd, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "db         running, container" in done.stdout
    assert "psql (PostgreSQL) 15" in done.stdout
    assert "db               up" in done.stdout
    assert done.stdout.endswith(f"{shop.components()['db'].endpoint}\n")
    with pytest.raises(UsageError, match="no participant 'bob'"):
        shop.shell("bob")


def test_a_command_in_a_container(shop: ForeignReplica) -> None:
    assert shop.exec("cache", ["redis-cli", "ping"]).stdout == "PONG\n"
    assert shop.exec("cache", ["no-such-program"]).exit_code == 127
    with pytest.raises(UsageError, match="no component 'nobody'"):
        shop.exec("nobody", ["true"])


def test_nothing_is_left_and_nothing_of_theirs_is_named_in_it(engine: Engine, shop: ForeignReplica) -> None:
    """The file's fixed names (a container, a volume) are not the drill's: their own instance may run beside it."""
    names = [each["Names"][0] for each in engine.containers({"blackstart.drill": shop.label})]
    assert "/shop-db" not in names
    volumes = engine.client.api.volumes(filters={"label": f"blackstart.drill={shop.label}"})["Volumes"]
    assert [volume["Name"].startswith("blackstart-") for volume in volumes] == [True]
    published = [
        port for each in engine.containers({"blackstart.drill": shop.label}) for port in each["Ports"]
    ]
    assert {port["IP"] for port in published if "IP" in port} == {"127.0.0.1"}


REDIS = os.environ.get("REDIS_IMAGE", "redis:7.0.15-bookworm")


def small(folder: Path, **services: Mapping[str, object]) -> ForeignReplica:
    """A replica of these services and of a component `db`, which any of them may replace."""
    db: Mapping[str, object] = {"image": REDIS, "labels": {"blackstart.component": "db"}}
    file = folder / "docker-compose.yml"
    file.write_text(json.dumps({"services": {"it": db, **services}}))
    whole = Platform.model_validate(
        {"kind": "platform", "components": {"db": {"owner": "a"}}, "capabilities": {}, "teams": {}}
    )
    return ForeignReplica(folder / "replica", f"try-f-{secrets.token_hex(4)}", [], file, whole)


def test_a_health_check_that_is_never_content_is_told_with_its_last_words(
    engine: Engine, tmp_path: Path
) -> None:
    check = {"test": ["CMD-SHELL", "echo no way; exit 1"], "interval": "0.2s", "retries": 2}
    replica = small(
        tmp_path, it={"image": REDIS, "labels": {"blackstart.component": "db"}, "healthcheck": check}
    )
    with pytest.raises(ReplicaError, match="it never became healthy") as refused:
        replica.up(quiet)
    assert "no way" in refused.value.message
    assert engine.containers({"blackstart.drill": replica.label}) == []


def test_a_service_that_runs_twice_or_not_at_all_beside_a_component(engine: Engine, tmp_path: Path) -> None:
    theirs, told = tmp_path / "theirs", []
    theirs.mkdir()
    twice = {
        "image": REDIS,
        "ports": ["6390-6391:6379"],
        "deploy": {"replicas": 2},
        "volumes": [f"{theirs}:/theirs"],
    }
    replica = small(tmp_path, twice=twice, never={"image": REDIS, "scale": 0})
    try:
        replica.up(lambda what, done, total: told.append(what))
        assert (
            f"twice: it may write to {theirs}, a folder of yours: what a drill makes it write there, stays"
            in told
        )
        listed = engine.containers({"blackstart.drill": replica.label, "com.docker.compose.service": "twice"})
        published = [(port["IP"], port["PublicPort"]) for each in listed for port in each["Ports"]]
        assert len(listed) == len(set(published)) == 2
        assert {host for host, _ in published} == {"127.0.0.1"}
    finally:
        replica.down()
    assert not replica.components(), "it is down"


def test_an_image_that_cannot_be_had_is_what_is_said(engine: Engine, tmp_path: Path) -> None:
    replica = small(tmp_path, it={"image": "127.0.0.1:1/none:1", "labels": {"blackstart.component": "db"}})
    with pytest.raises(MissingTool, match=r"the image 127\.0\.0\.1:1/none:1 is missing and cannot be pulled"):
        replica.up(quiet)


def test_a_volume_that_is_a_real_folder_is_refused_and_never_written_to(
    engine: Engine, tmp_path: Path
) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    replica = small(tmp_path, more={"image": REDIS, "volumes": ["data:/data"]})
    file = tmp_path / "docker-compose.yml"
    volume = {"driver_opts": {"type": "none", "o": "bind", "device": str(theirs)}}
    file.write_text(json.dumps({**json.loads(file.read_text()), "volumes": {"data": volume}}))
    with pytest.raises(UsageError, match="the volume data is kept elsewhere"):
        replica.up(quiet)
    assert list(theirs.iterdir()) == []


def test_a_dry_run_reads_the_file(tmp_path: Path, engine: Engine) -> None:
    scenario = FOREIGN / "scenarios" / "shop" / "slow-database.yaml"
    said = blackstart("run", str(scenario), "--compose", str(COMPOSE), "--dry-run")
    assert said.returncode == 0, said.stderr
    assert "db is the service db; added: blackstart-db-proxy and blackstart-db-redirect" in said.stdout
    small(tmp_path)
    refused = blackstart("run", str(scenario), "--compose", str(tmp_path / "docker-compose.yml"), "--dry-run")
    assert refused.returncode == 2
    assert "platform.yaml has the component web, and no service of the compose file is it" in refused.stderr


def blackstart(*argv: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-c", "from blackstart.start import main; main()", *argv]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def test_doctor_says_what_can_be_drilled(engine: Engine) -> None:
    done = blackstart("doctor", "--compose", str(COMPOSE), "--json")
    assert done.returncode == 0, done.stderr
    services = {each["service"]: each for each in json.loads(done.stdout)["services"]}
    assert services["reports"]["component"] == ""
    assert services["db"]["ports"] == [5432]
    assert set(services["cache"]["faults"]) < set(services["db"]["faults"])


def test_what_doctor_names_a_dry_run_accepts_and_what_it_does_not_name_it_refuses(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Every fault of every service of the example; the file is read once."""
    (options,) = drills_of(
        Asked(FOREIGN / "scenarios" / "shop" / "slow-database.yaml", tmp_path, compose=COMPOSE)
    )
    seen = look_ahead(COMPOSE, options.bundle.platform, NO_MORE)
    monkeypatch.setattr("blackstart.replica.foreign.ahead.look_ahead", lambda *what: seen)
    for service in examine(COMPOSE, choices).services:
        for fault in (*service.faults, *service.not_by):
            assert accepted(options, fault, service.component) == (fault in service.faults), (service, fault)


def accepted(options: Options, fault: str, target: str) -> bool:
    spec = FaultSpec.model_validate({"id": "x", "fault": fault, "target": target})
    platform = options.bundle.platform
    if list(fault_flaws(spec, ("faults", 0), installed_faults(), platform)):
        return False
    scenario = options.bundle.scenario.model_copy(update={"faults": [spec]})
    try:
        preview(replace(options, bundle=replace(options.bundle, scenario=scenario)))
    except UsageError:
        return False
    return True


@pytest.mark.parametrize(
    ("fault", "target", "code"), [("network.one-way", "db", 0), ("network.one-way", "cache", 2)]
)
def test_a_dry_run_of_one_that_it_names_and_of_one_that_it_does_not(
    engine: Engine, tmp_path: Path, fault: str, target: str, code: int
) -> None:
    shutil.copytree(FOREIGN, tmp_path / "shop")
    scenario = tmp_path / "shop" / "scenarios" / "shop" / "slow-database.yaml"
    text = scenario.read_text().replace("fault: network.latency", f"fault: {fault}")
    text = text.replace("target: db", f"target: {target}").replace("params: {latency: 1.2s}", "params: {}")
    scenario.write_text(text)
    done = blackstart("run", str(scenario), "--compose", str(COMPOSE), "--dry-run")
    assert done.returncode == code, done.stderr
    assert ("network.one-way cannot break cache" in done.stderr) == (code == 2)

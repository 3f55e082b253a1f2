"""The image registry: zuul-registry (OCI distribution API, token auth) over a folder, seeded with an image a team.

The images go in through the registry's own API, once; the folder is then copied for every replica.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from blackstart.replica.cached import cache_dir, content_key, made_once, write_private
from blackstart.replica.layout import CANARY, HOST, PROBES, TEAMS, Address, endpoint
from blackstart.replica.ports import free_ports
from blackstart.replica.programs import registry_image
from blackstart.replica.programs.httpclient import request
from blackstart.replica.programs.registry_client import RegistryClient
from blackstart.replica.programs.registry_image import TAG, image
from blackstart.replica.programs.registry_store import CONFIG, PUBLISHER, RegistryStore
from blackstart.replica.servers import Launch, Server
from blackstart.replica.tools import TOOLS
from blackstart.replica.waiting import wait_until

__all__ = ["check_pull", "copy_data", "launch", "listening", "seeded"]

_PROGRAM = Path(__file__).parent.parent / "programs" / "registry_server.py"
_START_LIMIT_S = 20.0


def launch(
    folder: Path, port: int, readers: Mapping[str, str], env: Mapping[str, str], public: Address | None = None
) -> Launch:
    """Write the configuration into the folder; the images lie in its `images`.

    `readers` may pull, by name and password; the publisher may push, with a password made here. `public` is where
    clients are sent for their tokens, when that is not the server's own port. A configuration that is there
    already keeps what people changed in it; only the addresses are new.
    """
    settings = _settings(folder / CONFIG) or _fresh(readers)
    settings.update(address=HOST, port=port)
    settings["public-url"] = f"http://{endpoint(public or (HOST, port))}"
    write_private(folder / CONFIG, json.dumps({"registry": settings}, indent=1))
    return Launch([str(TOOLS["registry"].python), "-s", str(_PROGRAM), "-c", CONFIG, "serve"], env, folder)


def _settings(file: Path) -> dict[str, Any] | None:
    try:
        return dict(json.loads(file.read_text("utf-8"))["registry"])
    except FileNotFoundError:
        return None


def _fresh(readers: Mapping[str, str]) -> dict[str, Any]:
    users = [{"name": name, "pass": password, "access": "read"} for name, password in readers.items()]
    return {
        "secret": secrets.token_hex(32),
        "users": [*users, {"name": PUBLISHER, "pass": secrets.token_hex(16), "access": "write"}],
        "storage": {"driver": "filesystem", "root": "images"},
    }


def listening(address: Address) -> bool:
    """Whether it answers: 401 to whoever comes without a token."""
    try:
        return request(address, "GET", "/v2/", timeout_s=2.0).status == 401
    except OSError:
        return False


def check_pull(address: Address, user: str, password: str, timeout_s: float) -> None:
    """Get a token and an image's manifest, as a deploy would, and see that it matches its digest."""
    RegistryClient(address, user, password, timeout_s=timeout_s, source=PROBES).manifest(user, TAG)


# --- the seed -----------------------------------------------------------------------------------


def seeded(env: Mapping[str, str]) -> Path:
    """The folder with every team's image, made once by a server with that environment.

    ReplicaError when the registry will not start.
    """
    sources = [Path(file).read_text("utf-8") for file in (__file__, registry_image.__file__)]
    key = content_key(TOOLS["registry"].version, *sources, *TEAMS, CANARY)
    return made_once(cache_dir() / "seeds" / f"registry-{key}", lambda place: _make_seed(place, env))


def copy_data(seed: Path, folder: Path) -> None:
    shutil.copytree(seed / "images", folder / "images", dirs_exist_ok=True)


def _make_seed(folder: Path, env: Mapping[str, str]) -> None:
    (folder / "images").mkdir(parents=True)
    (port,) = free_ports(1)
    server = Server(
        "registry", launch(folder, port, {"reader": secrets.token_hex(16)}, env), folder / "seed.log"
    )
    server.start()
    try:
        up = wait_until(lambda: listening((HOST, port)) or not server.running(), _START_LIMIT_S)
        if not up or not server.running():
            raise server.failed("did not start to be seeded")
        publisher = RegistryClient((HOST, port), PUBLISHER, RegistryStore(folder).password(PUBLISHER))
        for name in (*TEAMS, CANARY):
            publisher.push(name, TAG, image(name))
    finally:
        server.stop()

"""What stands beside a component to break its network: a Toxiproxy in its network namespace, and what leads to it.

The service keeps its names, networks, addresses and published ports. Whoever connects to one of its ports arrives in
its namespace, where the kernel hands the connection to Toxiproxy's port; Toxiproxy dials the service at the container's
own address. A one-shot container (`replica/programs/redirect.py`) tells Toxiproxy its proxies and sets the rules; it
alone may administer that namespace, and it ends at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from blackstart.replica.foreign.judge import Service

__all__ = ["Images", "Sidecar", "sidecar_of"]

API = 8474
LISTEN = 21000
"""Inside the namespace: far from what services use, and below what the kernel takes for outgoing connections."""


@dataclass(frozen=True, slots=True)
class Images:
    """What sidecars are made of."""

    toxiproxy: str
    platform: str
    """Any image with blackstart's programs in it, python3 and iptables."""


@dataclass(frozen=True, slots=True)
class Sidecar:
    """The numbers inside one component's namespace."""

    service: str
    component: str
    api: int
    listens: Mapping[int, int]
    """Where Toxiproxy listens, by the port that it stands before."""

    @property
    def proxy(self) -> str:
        """The name of the service that Toxiproxy is."""
        return f"blackstart-{self.component.lower()}-proxy"

    @property
    def redirect(self) -> str:
        return f"blackstart-{self.component.lower()}-redirect"

    def proxies(self) -> dict[int, str]:
        """The names of its proxies: the component's for the first port, with the number for the others."""
        names = [self.component, *(f"{self.component}-{port}" for port in list(self.listens)[1:])]
        return dict(zip(self.listens, names, strict=True))

    def services(self, images: Images) -> dict[str, Any]:
        """Both, as a compose file has them."""
        mode = f"service:{self.service}"
        return {
            self.proxy: {
                "image": images.toxiproxy,
                "network_mode": mode,
                "command": ["-host", "0.0.0.0", "-port", str(self.api)],
                **_SMALL,
            },
            self.redirect: {
                "image": images.platform,
                "network_mode": mode,
                "user": "0:0",
                "entrypoint": ["python3", "-s", "-m", "blackstart.replica.programs.redirect"],
                "command": [str(self.api), *self._ways()],
                "depends_on": {self.proxy: {"condition": "service_started"}},
                **_SMALL,
                "cap_add": ["NET_ADMIN"],
            },
        }

    def _ways(self) -> list[str]:
        """As `redirect.py` takes them: name, port and listening port."""
        names = self.proxies()
        return [f"{names[port]}:{port}:{listen}" for port, listen in self.listens.items()]


_SMALL: Mapping[str, Any] = {
    "restart": "no",
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges:true"],
    "mem_limit": "256m",
}


def sidecar_of(service: Service) -> Sidecar:
    """Numbers that the service itself does not use."""
    free = _not_in(service.ports, API)
    api = next(free)
    listens = _not_in((*service.ports, api), LISTEN)
    return Sidecar(service.name, service.component, api, {port: next(listens) for port in service.ports})


def _not_in(taken: tuple[int, ...], first: int) -> Iterator[int]:
    return (number for number in count(first) if number not in taken)

"""What a proxy carried, counted as it happens, in Prometheus' text format."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from blackstart.toxics.proxy import Proxy

__all__ = ["CONTENT_TYPE", "Count", "Traffic", "render"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Count:
    """Bytes of one direction: those that came to the proxy, and those that it passed on."""

    __slots__ = ("received", "sent")

    def __init__(self) -> None:
        self.received = 0
        self.sent = 0


class Traffic:
    """What one proxy carried since it was made. `open` counts connections now, `total` all there were."""

    __slots__ = ("downstream", "failed", "open", "total", "upstream")

    def __init__(self) -> None:
        self.upstream = Count()
        self.downstream = Count()
        self.open = 0
        self.total = 0
        self.failed = 0

    def of(self, stream: str) -> Count:
        return self.upstream if stream == "upstream" else self.downstream


def render(proxies: Iterable[Proxy]) -> str:
    """The page of /metrics: the two names that Toxiproxy has, and ours."""
    all_of_them = sorted(proxies, key=lambda proxy: proxy.name)
    lines = [line for way in ("received", "sent") for line in _bytes(all_of_them, way)]
    for name, kind, help_text, field in _OWN:
        lines += [f"# HELP {name} {help_text}", f"# TYPE {name} {kind}"]
        lines += [f"{name}{{proxy={_quoted(one.name)}}} {getattr(one.traffic, field)}" for one in all_of_them]
    lines += _state(all_of_them)
    return "\n".join(lines) + "\n"


_OWN = (
    ("blackstart_proxy_connections_open", "gauge", "Connections open now.", "open"),
    ("blackstart_proxy_connections_total", "counter", "Connections accepted.", "total"),
    (
        "blackstart_proxy_upstream_failures_total",
        "counter",
        "Connections whose upstream did not answer.",
        "failed",
    ),
)


def _bytes(proxies: list[Proxy], way: str) -> list[str]:
    name = f"toxiproxy_proxy_{way}_bytes_total"
    lines = [f"# HELP {name} Bytes {way} by the proxy.", f"# TYPE {name} counter"]
    for proxy in proxies:
        for stream in ("downstream", "upstream"):
            labels = (
                f'direction="{stream}",listener={_quoted(proxy.listen)},'
                f"proxy={_quoted(proxy.name)},upstream={_quoted(proxy.upstream)}"
            )
            lines.append(f"{name}{{{labels}}} {getattr(proxy.traffic.of(stream), way)}")
    return lines


def _state(proxies: list[Proxy]) -> list[str]:
    name = "blackstart_proxy_enabled"
    lines = [f"# HELP {name} 1 while the proxy is up.", f"# TYPE {name} gauge"]
    lines += [f"{name}{{proxy={_quoted(one.name)}}} {int(one.enabled)}" for one in proxies]
    name = "blackstart_proxy_toxics"
    lines += [f"# HELP {name} Toxics on the proxy.", f"# TYPE {name} gauge"]
    for proxy in proxies:
        for toxic in proxy.listed():
            labels = f'proxy={_quoted(proxy.name)},stream="{toxic.stream}",toxic={_quoted(toxic.name)},type="{toxic.type.name}"'
            lines.append(f"{name}{{{labels}}} 1")
    return lines


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'

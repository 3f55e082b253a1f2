"""`blackstart proxy`: the fault proxy on its own, with Toxiproxy's API."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    app.command(name="proxy", help=proxy.__doc__)(proxy)


def proxy(
    host: Annotated[str, typer.Option("--host", "-host", help="Address of the API.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", "-port", min=0, max=65535, help="Port of the API; 0: any that is free.")
    ] = 8474,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-config", metavar="FILE", help="JSON list of proxies to begin with."),
    ] = None,
    seed: Annotated[
        str,
        typer.Option("--seed", "-seed", help="What chance is drawn from: the same seed, the same chances."),
    ] = "",
    allow_remote: Annotated[
        bool, typer.Option("--allow-remote", help="Let other machines reach the API and the proxies.")
    ] = False,
    metrics: Annotated[
        bool,
        typer.Option(
            "--proxy-metrics",
            "-proxy-metrics",
            "--runtime-metrics",
            "-runtime-metrics",
            hidden=True,
            help="Toxiproxy's flags; taken and not needed: /metrics is always there.",
        ),
    ] = False,
) -> None:
    """Break TCP, UDP and HTTP connections on request: a fault proxy that speaks Toxiproxy's API.

    Runs until Ctrl-C. What proxies and toxics there are is asked of its API; toxiproxy-cli and other clients of
    Toxiproxy work unchanged.

    Example: blackstart proxy --host 127.0.0.1 --port 8474
    """
    from blackstart.errors import UsageError
    from blackstart.toxics.program import Unusable, serve

    try:
        serve(host, port, config=str(config or ""), seed=seed, allow_remote=allow_remote)
    except Unusable as error:
        raise UsageError(str(error)) from error

"""Every image's recipe, by its variable in `.env`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from bakery import built, packaged
from bakery.errors import BakeError
from bakery.tags import version_of

if TYPE_CHECKING:
    from bakery.recipe import Recipe

__all__ = ["recipes"]

RECIPES: Mapping[str, Callable[[str], Recipe]] = {
    "OPENBAO_IMAGE": built.openbao,
    "COREDNS_IMAGE": built.coredns,
    "REGISTRY_IMAGE": built.registry,
    "TOXIPROXY_IMAGE": built.toxiproxy,
    "PROMETHEUS_IMAGE": packaged.prometheus,
    "ALERTMANAGER_IMAGE": packaged.alertmanager,
    "BLACKBOX_IMAGE": packaged.blackbox,
    "PLATFORM_IMAGE": built.platform,
    "NGINX_IMAGE": packaged.nginx,
    "POSTGRES_IMAGE": packaged.postgres,
    "REDIS_IMAGE": packaged.redis,
}


def recipes(tags: Mapping[str, str]) -> list[Recipe]:
    """All of them, under the tags of `.env`. BakeError when it lacks one."""
    return [_tagged(variable, make, tags) for variable, make in RECIPES.items()]


def _tagged(variable: str, make: Callable[[str], Recipe], tags: Mapping[str, str]) -> Recipe:
    if variable not in tags:
        raise BakeError(f".env has no line {variable}=", "write the tag of that image there")
    return replace(make(version_of(tags[variable])), tag=tags[variable])

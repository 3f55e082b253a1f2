"""The docker daemon, by its command line: what it has under our tags, and how an image gets in."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from bakery.errors import BakeError

__all__ = ["CONTENT", "INSIDE", "Present", "forget", "load", "need_docker", "present"]

CONTENT = "blackstart.content"
INSIDE = "blackstart.inside"


@dataclass(frozen=True, slots=True)
class Present:
    """An image that docker has. `content` is empty when no bake made it: somebody pulled it."""

    content: str
    inside: str
    layers: tuple[str, ...]
    """The digests of its layers, lowest first."""

    id: str


def need_docker() -> None:
    """Refuse with a sentence where docker's command line is missing."""
    if not shutil.which("docker"):
        raise BakeError("docker is missing", "apt install docker.io, or see docker's own manual")


def present(tags: Sequence[str]) -> Mapping[str, Present]:
    """Those of `tags` that docker has, by one call."""
    need_docker()
    asked = ["docker", "image", "inspect", *tags]
    answer = subprocess.run(asked, capture_output=True, text=True, check=False)
    # One tag that is missing makes the call fail, and says so; every other failure is docker's own.
    others = [line for line in answer.stderr.splitlines() if line.strip() and "No such image" not in line]
    if answer.returncode != 0 and others:
        raise _unreachable(others[-1])
    images = json.loads(answer.stdout or "[]")
    return {tag: _read(image) for image in images for tag in image.get("RepoTags") or () if tag in tags}


def _read(image: Mapping[str, object]) -> Present:
    config, root = image.get("Config"), image.get("RootFS")
    labels = (config.get("Labels") if isinstance(config, dict) else None) or {}
    layers = (root.get("Layers") if isinstance(root, dict) else None) or ()
    digests = tuple(layer.removeprefix("sha256:") for layer in layers)
    return Present(labels.get(CONTENT, ""), labels.get(INSIDE, ""), digests, str(image.get("Id", "")))


def _unreachable(why: str) -> BakeError:
    if "permission denied" in why:
        return BakeError(
            f"docker lets this user do nothing: {why}",
            "join the group docker (and log in again), or use sudo",
        )
    return BakeError(f"docker does not answer: {why}", "start it: systemctl start docker, or dockerd as root")


def load(write: Callable[[IO[bytes]], None]) -> str:
    """Let `write` send an archive into `docker load`; returns why docker refused it, or an empty text.

    docker takes an archive whole or not at all, so ending in the middle leaves nothing.
    """
    with subprocess.Popen(
        ["docker", "load", "--quiet"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as loading:
        assert loading.stdin is not None
        assert loading.stderr is not None
        try:
            write(loading.stdin)
            loading.stdin.close()
        except BrokenPipeError:
            pass  # docker says below why it listens no longer
        except BaseException:
            loading.kill()
            raise
        why = loading.stderr.read().decode("utf-8", "replace").strip()
    return (why or f"docker load ended with {loading.returncode}") if loading.returncode else ""


def forget(images: Sequence[str]) -> None:
    """Remove images that new ones replaced, as far as docker lets go of them: not while a container is made of one."""
    for image in images:
        subprocess.run(["docker", "image", "rm", image], capture_output=True, check=False)

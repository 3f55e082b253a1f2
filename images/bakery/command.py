"""The command: which images are there, which are to be baked, and one line for each."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Mapping, Sequence

from bakery.debian import kept_root, need_debootstrap
from bakery.docker import Present, forget, present
from bakery.errors import BakeError
from bakery.folders import ROOT, hold_lock, need_room, work_folder
from bakery.kitchen import Kitchen, forget_unused
from bakery.plugin import install_plugin
from bakery.recipe import Recipe, content_of
from bakery.recipes import recipes
from bakery.running import Running
from bakery.tags import read_tags

__all__ = ["main"]

ROOM_GB, ROOM_WITH_ROOT_GB = 1.0, 4.0


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0 everything is there, 2 something is missing (said in a sentence), 130 Ctrl-C."""
    signal.signal(signal.SIGTERM, _interrupt)
    chosen = _parser().parse_args(argv)
    try:
        return _run(chosen)
    except BakeError as error:
        print(f"images/bake: {error}\n  {error.hint}", file=sys.stderr)
        return 2
    except OSError as error:
        print(
            f"images/bake: {error}\n  look whether a disk is full, or belongs to somebody else",
            file=sys.stderr,
        )
        return 2
    except KeyboardInterrupt:
        print("images/bake: stopped; images that are baked stay, nothing half made does", file=sys.stderr)
        return 130


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="images/bake",
        description="Build the images of .env from package registries, for a network without an image registry. "
        "Without names: all. What is there already is left alone.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="bake only these (see --list)")
    parser.add_argument(
        "--list", action="store_true", help="show each image: its name, its tag, what is in it"
    )
    parser.add_argument(
        "--force",
        action="store_true",
        help="bake again: with today's Debian packages, and also under a tag that somebody pulled",
    )
    parser.add_argument(
        "--plugin", action="store_true", help="install the docker compose plugin for this user, and end"
    )
    return parser


def _run(chosen: argparse.Namespace) -> int:
    if chosen.plugin:
        with hold_lock(work_folder(), _waiting) as lock:
            print(install_plugin(work_folder(), Running(lock.fileno())))
        return 0
    wanted = _named(recipes(read_tags(ROOT / ".env")), chosen.names)
    found = present([recipe.tag for recipe in wanted])
    if chosen.list:
        _show(wanted, found)
        return 0
    missing = [recipe for recipe in wanted if chosen.force or not _is_there(recipe, found)]
    for recipe in wanted:
        if recipe not in missing:
            print(f"{recipe.tag}: {_why_left(found[recipe.tag])}")
    if missing:
        _bake(missing, chosen.force)
    return 0


def _named(every: Sequence[Recipe], names: Sequence[str]) -> list[Recipe]:
    known = {recipe.name: recipe for recipe in every}
    if unknown := [name for name in names if name not in known]:
        raise BakeError(f"there is no image {', '.join(unknown)}", f"images are {', '.join(known)}")
    return [known[name] for name in names] or list(every)


def _is_there(recipe: Recipe, found: Mapping[str, Present]) -> bool:
    """An image without our label was pulled by somebody, and is the better one."""
    image = found.get(recipe.tag)
    return image is not None and image.content in ("", content_of(recipe))


def _why_left(image: Present) -> str:
    return "there already" if image.content else "there already, not baked by us: left alone"


def _show(wanted: Sequence[Recipe], found: Mapping[str, Present]) -> None:
    for recipe in wanted:
        image = found.get(recipe.tag)
        state = "missing" if image is None else image.inside or "pulled"
        if image and not _is_there(recipe, found):
            state += " (out of date)"
        print(f"{recipe.name:13} {recipe.tag:34} {state}")


def _bake(missing: Sequence[Recipe], force: bool) -> None:
    started = time.monotonic()
    cache = work_folder()
    with hold_lock(cache, _waiting) as lock:
        found = present([recipe.tag for recipe in missing])
        left = [recipe for recipe in missing if force or not _is_there(recipe, found)]
        if left:
            _prepare(left, force)
            held = {digest for image in found.values() for digest in image.layers}
            Kitchen(cache, held, Running(lock.fileno()), _say).bake(left, force)
            _forget_replaced(left, found)
            forget_unused(cache)
    print(f"{len(left)} images baked in {time.monotonic() - started:.1f} s")


def _waiting() -> None:
    _say("another bake is at work: waiting for it")


def _say(line: str) -> None:
    print(line, flush=True)


def _forget_replaced(baked: Sequence[Recipe], before: Mapping[str, Present]) -> None:
    """What an earlier bake made under these tags. An image that somebody pulled is not ours to remove."""
    now = {image.id for image in present([recipe.tag for recipe in baked]).values()}
    forget([image.id for image in before.values() if image.content and image.id not in now])


def _prepare(left: Sequence[Recipe], force: bool) -> None:
    """Refuse now what would fail after minutes."""
    cache = work_folder()
    root = any(recipe.debian for recipe in left) and (force or kept_root(cache) is None)
    need_room(cache, ROOM_WITH_ROOT_GB if root else ROOM_GB)
    if root:
        need_debootstrap()

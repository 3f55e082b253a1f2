"""Makes what the images need, side by side, and gives each image to docker as soon as its parts are there."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bakery.archive import Layer, image_config, write_archive
from bakery.debian import Root, kept_root, make_root
from bakery.docker import CONTENT, INSIDE, load
from bakery.entries import File, Product, write_layer
from bakery.errors import BakeError
from bakery.recipe import Recipe, content_of

if TYPE_CHECKING:
    from bakery.running import Running

__all__ = ["Kitchen", "forget_unused"]

UNUSED_S = 30 * 86400
WORTH_TELLING_S = 1.0


class Kitchen:
    """One bake. `cache` is its folder, `held` the digests of layers that docker is known to have."""

    def __init__(self, cache: Path, held: set[str], running: Running, say: Callable[[str], None]) -> None:
        self._cache = cache
        self._held = held
        self._running = running
        self._say = say
        self._loading = threading.Lock()
        self._root: Future[Root] | None = None
        self._products: dict[str, Future[Path]] = {}

    def bake(self, wanted: Sequence[Recipe], fresh: bool) -> None:
        """Make all of them. `fresh`: make the Debian root and every product anew, though the cache has them."""
        products = {product.key: product for product in _products(wanted)}
        with ThreadPoolExecutor(len(wanted) + 4) as pool:
            try:
                if any(each.debian for each in wanted):
                    self._root = pool.submit(self._find_root, fresh)
                self._products = {key: pool.submit(self._find, each, fresh) for key, each in products.items()}
                loads = [pool.submit(self._one, each) for each in wanted]
                # Causes before what waits for them: the first failure is the one to tell.
                _wait([*([self._root] if self._root else []), *self._products.values(), *loads])
            except BaseException:
                self._running.stop()
                pool.shutdown(cancel_futures=True)
                raise

    def _find_root(self, fresh: bool) -> Root:
        if not fresh and (kept := kept_root(self._cache)):
            os.utime(kept.file)
            return kept
        started = time.monotonic()
        self._say("the Debian root: debootstrap is at work, this takes minutes")
        root = make_root(self._cache, self._running)
        self._say(f"the Debian root is made ({time.monotonic() - started:.0f} s)")
        return root

    def _find(self, product: Product, fresh: bool) -> Path:
        place = self._cache / "products" / f"{product.name}-{product.key}"
        if place.exists() and not fresh:
            os.utime(place)
            return place
        place.parent.mkdir(parents=True, exist_ok=True)
        partial = place.with_name(place.name + ".partial")
        started = time.monotonic()
        try:
            product.make(partial, self._cache, self._running)
            partial.replace(place)
        finally:
            partial.unlink(missing_ok=True)
        if (took := time.monotonic() - started) > WORTH_TELLING_S:
            self._say(f"{product.name} is made ({took:.0f} s)")
        return place

    def _one(self, recipe: Recipe) -> None:
        started = time.monotonic()
        root = self._root.result() if recipe.debian and self._root else None
        top = self._cache / f"{recipe.name}.layer"
        try:
            digest = write_layer(recipe.entries, lambda product: self._products[product.key].result(), top)
            inside = recipe.inside.format_map(root.versions if root else {})
            labels = {CONTENT: content_of(recipe), INSIDE: inside}
            with self._loading:
                self._load(recipe, labels, root, Layer(top, digest))
        finally:
            top.unlink(missing_ok=True)
        self._say(f"{recipe.tag}: baked in {time.monotonic() - started:.1f} s: {inside}")

    def _load(self, recipe: Recipe, labels: dict[str, str], root: Root | None, top: Layer) -> None:
        """Send the image; without the root when docker has that, and with it after all when docker wants it."""
        there = root is not None and root.digest in self._held
        base = [Layer(root.file, root.digest, there)] if root else []
        config = image_config(recipe.runs, labels, [*base, top])
        why = load(lambda stream: write_archive(stream, recipe.tag, config, [*base, top]))
        if why and there and root:
            whole = [Layer(root.file, root.digest), top]
            why = load(lambda stream: write_archive(stream, recipe.tag, config, whole))
        if why:
            raise BakeError(
                f"docker did not take {recipe.tag}: {why}", "look at docker's own log, and at its disk"
            )
        self._held.update(layer.digest for layer in base)


def _products(wanted: Iterable[Recipe]) -> Iterable[Product]:
    for recipe in wanted:
        for entry in recipe.entries:
            if isinstance(entry, File) and not isinstance(entry.source, bytes):
                yield entry.source


def _wait(tasks: Iterable[Future[Any]]) -> None:
    """Until all are done or one failed; the first failure is raised."""
    ordered = list(tasks)
    wait(ordered, return_when=FIRST_EXCEPTION)
    for task in ordered:
        if task.done():
            task.result()


def forget_unused(cache: Path) -> None:
    """Remove from the cache what no bake has used for a month."""
    limit = time.time() - UNUSED_S
    for file in [*cache.glob("products/*"), *cache.glob("debian-*.tar")]:
        if file.stat().st_mtime < limit:
            file.unlink(missing_ok=True)
            file.with_suffix(".json").unlink(missing_ok=True)

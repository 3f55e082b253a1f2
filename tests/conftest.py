"""For every test: how long an example takes is no property of the product, and disks can be full."""

from __future__ import annotations

import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from hypothesis import settings

# A script that runs the tests in its background has Ctrl-C ignored, and every process of the tests would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("blackstart", deadline=None)
settings.load_profile("blackstart")

FullDisk = Callable[[int], AbstractContextManager[None]]


@pytest.fixture(scope="session")
def full_disk() -> FullDisk:
    """While it lasts, no file of this process grows beyond so many bytes: what a full disk does to a writer."""

    @contextmanager
    def limited(size: int) -> Iterator[None]:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return limited

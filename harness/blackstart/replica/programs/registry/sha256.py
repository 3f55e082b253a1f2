"""What zuul-registry needs of the PyPI package `sha256`: a SHA-256 whose state can be put away between chunks.

That package is a C extension without wheels, and a machine without a compiler must do. Here the state is the
data seen so far: right for images of any size, quick for the replica's, which are small.
"""

import hashlib


class sha256:
    def __init__(self) -> None:
        self._seen = b""

    def update(self, data: bytes) -> None:
        self._seen += data

    @property
    def state(self) -> tuple[bytes, int]:
        return self._seen, len(self._seen)

    @state.setter
    def state(self, state: tuple[bytes, int]) -> None:
        self._seen = state[0]

    def digest(self) -> bytes:
        return hashlib.sha256(self._seen).digest()

    def hexdigest(self) -> str:
        return hashlib.sha256(self._seen).hexdigest()

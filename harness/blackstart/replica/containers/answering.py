"""Why docker gave no answer, in words that name no part of the SDK."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["why_silent"]


def why_silent(error: BaseException, limit_s: float) -> str:
    """The reason at the bottom of what the SDK, requests and urllib3 have wrapped one around the other."""
    chain = list(_chain(error))
    if any(isinstance(each, TimeoutError) or "timed out" in str(each) for each in chain):
        return f"it takes connections and says nothing for {limit_s:g} s"
    for each in reversed(chain):
        if isinstance(each, OSError) and each.strerror:
            return each.strerror
    if any(
        "RemoteDisconnected" in type(each).__name__ or "Connection aborted" in str(each) for each in chain
    ):
        return "it closes the connection without an answer"
    return f"what it says cannot be read ({type(chain[-1]).__name__})"


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    below: BaseException | None = error
    while below is not None and id(below) not in seen:
        seen.add(id(below))
        yield below
        wrapped = [each for each in below.args if isinstance(each, BaseException)]
        below = below.__cause__ or below.__context__ or (wrapped[0] if wrapped else None)

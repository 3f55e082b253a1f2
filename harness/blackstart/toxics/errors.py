"""What the proxy refuses. The server raises it, the API turns it into an answer, and the client raises it again."""

from __future__ import annotations

__all__ = ["ProxyRefused", "bad_request", "missing_field"]


class ProxyRefused(Exception):
    """A call that was not obeyed: `status` as in HTTP, `message` for the reader. Nothing was changed."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message

    def __str__(self) -> str:
        return f"{self.message} (status {self.status})"


def bad_request(why: str) -> ProxyRefused:
    """A body that cannot be used, in Toxiproxy's words and with our reason."""
    return ProxyRefused(400, f"bad request body: {why}")


def missing_field(name: str) -> ProxyRefused:
    return ProxyRefused(400, f"missing required field: {name}")

"""A client of an image registry (OCI distribution API, token auth), with the standard library.

What is pulled is checked against its digest, as every container runtime does.
"""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from blackstart.replica.programs.httpclient import Answer, request
from blackstart.replica.programs.registry_image import Image, digest_of
from blackstart.replica.programs.startpath import MANIFEST

__all__ = ["RegistryClient", "RegistryRefused"]


class RegistryRefused(http.client.HTTPException):
    """The registry answered, but not with what was asked for; the text is short enough for a probe's reason."""


class RegistryClient:
    """One account's calls. Errors: RegistryRefused, OSError, HTTPException.

    Each repository and action takes a token of its own, asked for when it is first needed. `timeout_s` bounds
    each answer; `source` is the address to call from, if given. Not for many threads at once.
    """

    def __init__(
        self,
        address: tuple[str, int],
        user: str,
        password: str,
        *,
        timeout_s: float = 5.0,
        source: str = "",
    ) -> None:
        self._address = address
        self._basic = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._timeout_s = timeout_s
        self._source = source
        self._tokens: dict[str, str] = {}

    def token(self, scope: str) -> str:
        """A new token for a scope such as "repository:payments:pull"."""
        headers = {"Authorization": f"Basic {self._basic}"}
        answer = _demand(self._ask("GET", f"/auth/token?scope={scope}", headers))
        document = answer.json()
        if not isinstance(document, dict) or "token" not in document:
            raise RegistryRefused("the answer of the token realm has no token")
        return str(document["token"])

    def manifest(self, name: str, reference: str) -> bytes:
        """The manifest under a tag or digest."""
        answer = self._call("GET", name, f"manifests/{reference}", {"Accept": MANIFEST})
        claimed = answer.headers.get("docker-content-digest", "")
        return _checked(answer.body, reference if ":" in reference else claimed, "the manifest")

    def blob(self, name: str, digest: str) -> bytes:
        return _checked(self._call("GET", name, f"blobs/{digest}").body, digest, "a blob")

    def has_blob(self, name: str, digest: str) -> bool:
        answer = self._answer("HEAD", name, f"blobs/{digest}")
        return answer.status != 404 and _demand(answer).ok

    def pull(self, name: str, reference: str) -> str:
        """Get an image whole, every digest checked; returns the manifest's own."""
        manifest = self.manifest(name, reference)
        for digest in described(manifest):
            self.blob(name, digest)
        return digest_of(manifest)

    def put_blob(self, name: str, content: bytes) -> None:
        """Upload a blob in one piece, also when it is there already."""
        begun = self._call("POST", name, "blobs/uploads/", body=b"")
        place = _upload(begun.headers["location"], name, digest_of(content))
        self._call("PUT", name, place, {"Content-Type": "application/octet-stream"}, content)

    def put_manifest(self, name: str, reference: str, manifest: bytes) -> None:
        """Store a manifest under a tag or digest."""
        self._call("PUT", name, f"manifests/{reference}", {"Content-Type": MANIFEST}, manifest)

    def push(self, name: str, reference: str, image: Image) -> None:
        """Push an image as a client would: each blob, then the manifest under its tag."""
        for content in image.blobs.values():
            self.put_blob(name, content)
        self.put_manifest(name, reference, image.manifest)

    def _call(
        self, method: str, name: str, path: str, headers: Mapping[str, str] | None = None, body: object = None
    ) -> Answer:
        return _demand(self._answer(method, name, path, headers, body))

    def _answer(
        self, method: str, name: str, path: str, headers: Mapping[str, str] | None = None, body: object = None
    ) -> Answer:
        scope = f"repository:{name}:{'pull' if method in ('GET', 'HEAD') else 'pull,push'}"
        if scope not in self._tokens:
            self._tokens[scope] = self.token(scope)
        bearer = {"Authorization": f"Bearer {self._tokens[scope]}", **(headers or {})}
        return self._ask(method, f"/v2/{name}/{path}", bearer, body)

    def _ask(self, method: str, path: str, headers: Mapping[str, str], body: object = None) -> Answer:
        return request(
            self._address,
            method,
            path,
            body=body,
            headers=headers,
            timeout_s=self._timeout_s,
            source=self._source,
        )


def _upload(location: str, name: str, digest: str) -> str:
    """Where an upload ends. A registry says so with or without its own address, and may keep its state in the query."""
    url = urlsplit(location)
    query = f"{url.query}&" if url.query else ""
    return f"{url.path.removeprefix(f'/v2/{name}/')}?{query}digest={digest}"


def described(manifest: bytes) -> list[str]:
    """The digests of the blobs that a manifest is made of, configuration first."""
    try:
        document: dict[str, Any] = json.loads(manifest)
        return [str(each["digest"]) for each in (document["config"], *document["layers"])]
    except (ValueError, TypeError, KeyError) as error:
        raise RegistryRefused("the manifest describes no image") from error


def _demand(answer: Answer) -> Answer:
    if not answer.ok:
        raise RegistryRefused(answer.complaint())
    return answer


def _checked(content: bytes, digest: str, what: str) -> bytes:
    seen = digest_of(content)
    if seen != digest:
        raise RegistryRefused(f"{what} is {seen[:19]}, not {digest[:19]}")
    return content
